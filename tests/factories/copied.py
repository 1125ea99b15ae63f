"""Applications whose long texts say what a test wants them to say."""

from datetime import datetime

from jiangxin.core.kernel import clock
from jiangxin.ops.scenes.province import fill, hand_in
from jiangxin.records.identity.viewer import Viewer
from jiangxin.stages.application.models import Application
from jiangxin.stages.programme.tracks import Track

from .desk import JUNE, Desk

# Six sentences that no form, no notice and no other applicant has.
ORIGINAL = (
    "学院把百年船厂的铆工车间改成开放工坊，清晨由退休老师傅示范船板放样。"
    "徒弟们先用薄铁皮仿作缩小的船首，再到滑道旁比对真实曲面。"
    "每逢台风停工的日子，工坊便把修船时拍下的裂纹照片拿来讨论。"
    "我们给每块返修钢板挂上竹牌，写明谁焊、谁验、哪一潮下水。"
    "冬闲时渔民自带螺旋桨上门，学员在导师看护下修补缺口并配平。"
    "三年里港区十一家小船坞派人跟班，回去后自己办起了夜间焊课。"
)


def submitted_with(
    desk: Desk, text: str, *, viewer: Viewer | None = None, at: datetime = JUNE
) -> Application:
    """A submitted new-base application whose introduction is `text`; of a new unit without `viewer`."""
    with clock.at(at):
        unit = viewer or desk.unit()
        project = fill(desk.rng, unit, desk.call, Track.NEW_BASE, unit_introduction=text)
        hand_in(unit, project)
    return Application.objects.select_related("call", "unit").get(pk=project.pk)
