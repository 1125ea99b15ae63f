"""What the check page says about the unit's own approval, and about the body that recommends."""

from typing import Any

from jiangxin.core.policy import Form
from jiangxin.core.workflow import Duty
from jiangxin.records.identity.queries import holders
from jiangxin.records.identity.viewer import Viewer
from jiangxin.stages.application import approved, recommending


def shown(viewer: Viewer, project: Any, form: Form, seal: str) -> dict[str, Any]:
    """Where the approval stands and what the viewer may do about it.

    `seal`: the digest of the draft. `alone`: the viewer may approve what nobody else was asked about.
    At most four queries.
    """
    standing = approved.standing(project, seal)
    two = approved.four_eyes(project.call)
    fills, checks = viewer.has(Duty.FILL), viewer.has(Duty.CHECK)
    newest = standing.newest
    mine = newest is not None and newest.asked_actor == viewer.actor
    others = holders(project.unit_id, Duty.CHECK) if not standing.approved else []
    return {
        "standing": standing,
        "four_eyes": two,
        "fills": fills,
        "checks": checks,
        "alone": fills and checks and not two and (mine or not standing.waiting),
        "may_approve": checks and standing.waiting and not (two and mine),
        "others": [each.name for each in others if each.pk != viewer.user_id],
        "remark_sections": [(section.key, section.title) for section in form.sections],
        **_recommender(project),
    }


def _recommender(project: Any) -> dict[str, Any]:
    if not recommending.goes_first(project):
        return {"bodies": None}
    chosen = project.recommender_id or ""
    options = [
        (str(each.pk), f"{each.name}（{each.nature}）") for each in recommending.bodies_for(project)
    ]
    return {"bodies": options, "chosen_body": str(chosen)}
