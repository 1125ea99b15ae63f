"""A case of good experience, taken as far as a test needs it, by the real actions."""

from typing import Any

from jiangxin.core.kernel import clock
from jiangxin.records.identity.viewer import Viewer
from jiangxin.stages.experience import actions
from jiangxin.stages.experience.models import Experience
from jiangxin.stages.titles.models import Title
from tests.factories.titled import Place, picture

NOW = clock.beijing(2026, 11, 5, 9)


def story(**changes: Any) -> actions.Story:
    values = {
        "headline": "一徒一策带出技师班",
        "summary": "按岗位拆解技能清单，三年带出二十名技师。",
        "text": "先诊断，再定清单。\n每月一次技术攻关。",
        "function": "skill_exchange",
    } | changes
    return actions.Story(**values)


def proposed(viewer: Viewer, title: Title, **changes: Any) -> Experience:
    with clock.at(NOW):
        return actions.propose(
            viewer=viewer, title_id=title.pk, story=story(**changes), uploads=[picture("现场.png")]
        )


def published(place: Place, title: Title, **changes: Any) -> Experience:
    row = proposed(place.hr, title, **changes)
    with clock.at(NOW):
        actions.approve(viewer=place.hr, experience_id=row.pk)
        return actions.publish(viewer=place.hr, experience_id=row.pk)
