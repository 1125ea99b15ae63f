"""The downloaded workbook comes back: everything in it is taken, or nothing."""

from django.db import transaction

from jiangxin.core.kernel.errors import NotFound
from jiangxin.core.workflow import Role, RoundState
from jiangxin.records.documents.papers import Upload
from jiangxin.records.identity.viewer import Viewer
from jiangxin.stages.review.choices import Conflict, SheetState
from jiangxin.stages.review.models import ScoreSheet
from jiangxin.stages.review.queries.expert import assigned
from jiangxin.stages.review.rubrics import rubric_of
from jiangxin.stages.review.signing import COMMENT
from jiangxin.stages.review.workbook import MARK, Fault, Filled, fault, faulty, read, stamp

from .sheets import keep


@transaction.atomic
def take_workbook(
    *, viewer: Viewer, seat_id: int, file: Upload, overwrite: bool = False
) -> list[tuple[ScoreSheet, int]]:
    """Save every sheet of a filled workbook as a draft; returns each with how many items still lack.

    Effects: marks and comments, as `sheets.save` does for each; nothing is signed. Raises `Invalid`
    for another file, `Faulty` with worksheet and cell for a mark that cannot be used, a sheet that is
    not the expert's own or open, and one that was saved after the download (unless `overwrite`):
    then nothing of the file is kept.
    """
    viewer.require(Role.EXPERT)
    filled = read(file)
    own = {
        each.pk: each
        for each in assigned(viewer)
        .select_for_update(of=("self",))
        .select_related("seat__round", "application")
        .filter(seat=seat_id, seat__round__state=RoundState.SCORING)
    }
    if not own:
        raise NotFound("没有可以录入的评分表。", remedy="评分可能已经结束。")
    faults: list[Fault] = []
    taken: list[tuple[ScoreSheet, int]] = []
    for one in filled:
        sheet = own.get(one.sheet_id)
        found = list(_barred(sheet, one, overwrite=overwrite))
        if sheet is None or found:
            faults += found
            continue
        problems = keep(sheet, one.data, one.comment)
        blank = [item for item in problems if not one.data.get(item)]
        faults += [
            fault(one.name, MARK, one.rows.get(item, 1), message)
            for item, message in problems.items()
            if item not in blank
        ]
        taken.append((sheet, len(blank)))
    if faults:
        raise faulty(faults)  # and what was kept above is undone
    return taken


def _barred(sheet: ScoreSheet | None, one: Filled, *, overwrite: bool) -> list[Fault]:
    """Why this worksheet cannot be taken at all."""
    if sheet is None:
        return [fault(one.name, "B", 1, "不是您本次评审的评分表。")]
    if sheet.state == SheetState.SIGNED:
        return [fault(one.name, "B", 1, "这份评分表已经签署，不能修改。")]
    if sheet.conflict != Conflict.NONE:
        return [fault(one.name, "B", 1, "请先在网上申明与该项目无利害关系。")]
    if stamp(sheet) != one.stamp and not overwrite:
        return [
            fault(one.name, "D", 1, "下载之后又在网上保存过；确认以表中内容为准的，请勾选后上传。")
        ]
    if len(one.comment) > COMMENT:
        return [fault(one.name, MARK, 1, f"总体评审意见最多 {COMMENT} 字。")]
    known = {item.id for item in rubric_of(sheet).items()}
    return [
        fault(one.name, MARK, row, f"评分标准中没有指标“{item}”。")
        for item, row in one.rows.items()
        if item not in known
    ]
