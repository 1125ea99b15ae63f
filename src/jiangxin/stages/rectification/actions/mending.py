"""The unit mends: an answer and proof for each item, then all of it handed in within the term."""

from collections.abc import Iterable
from typing import Any

from django.db import transaction

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.canonical import digest
from jiangxin.core.kernel.errors import Invalid, NotFound, WrongState
from jiangxin.core.workflow import RectificationState, Role
from jiangxin.records.documents.papers import Upload
from jiangxin.records.identity.viewer import Viewer
from jiangxin.records.inbox.actions import tell_office
from jiangxin.records.ledger.actions import move
from jiangxin.stages.construction.files import keep
from jiangxin.stages.construction.reading import words
from jiangxin.stages.rectification.models import Attempt, Item, ItemFile, Rectification
from jiangxin.stages.rectification.rules import is_over

from .order import locked

REPLY = 2000  # letters


@transaction.atomic
def save_reply(
    *,
    viewer: Viewer,
    rectification_id: int,
    number: int,
    reply: str,
    files: Iterable[Upload] = (),
    drop: Iterable[int] = (),
) -> Item:
    """Keep what the unit writes about one item, with its files; nothing is handed in yet.

    No event. Raises `WrongState` unless the unit is mending, `Invalid` for a text that is too long
    or a refused file, keeping nothing.
    """
    viewer.require(Role.APPLICANT)
    row = locked(viewer, rectification_id)
    if row.state != RectificationState.SERVED:
        raise WrongState(
            f"当前状态为“{RectificationState(row.state).label}”，不能填写整改情况。",
            remedy="签收之后、提交之前填写；复查退回后可以继续填写。",
            clause="4.3",
        )
    item = row.items.filter(number=number).first()
    if item is None:
        raise NotFound("没有这一条整改要求。")
    item.reply = words(reply, "整改情况", "reply", most=REPLY, required=False)
    item.save(update_fields=["reply"])
    item.files.filter(pk__in=list(drop)).delete()
    held = set(item.files.values_list("document__sha256", flat=True))
    for document in keep(viewer, files, "files"):
        if document.sha256 not in held:
            held.add(document.sha256)
            ItemFile.objects.create(item=item, document=document)
    return item


@transaction.atomic
def submit(*, viewer: Viewer, rectification_id: int) -> Attempt:
    """Hand in what was written about every item.

    Effects, in order: the submission frozen; order submitted, event `rectification.submitted` with
    its digest; a message to the province. Raises `Invalid` for an item without answer or proof,
    `WrongState` after the last day of the term (4.3).
    """
    row = locked(viewer, rectification_id)
    items = list(row.items.prefetch_related("files__document"))
    frozen = [_frozen(each) for each in items]
    number = row.attempts.count() + 1
    row.recheck = ""
    move(
        row,
        step="submit",
        by=viewer,
        guards={
            "evidence_given": lambda: _require_evidence(items),
            "within_term": lambda: require_within(row),
        },
        payload={"attempt": number, "digest": digest(frozen)},
        also=("recheck",),
    )
    made = Attempt.objects.create(
        rectification=row,
        number=number,
        items=frozen,
        submitted_at=clock.now(),
        actor=viewer.actor,
        name=viewer.name,
    )
    tell_office(
        role=Role.PROVINCE_HR,
        province=row.title.province,
        title=f"整改材料已提交，请复查：{row.title.name}",
        about=row.subject,
        due=row.ends_on,
    )
    return made


def require_within(row: Rectification) -> None:
    """Raises `WrongState` once the last day of the term has passed (4.3)."""
    if row.ends_on is not None and is_over(row):
        raise WrongState(
            f"整改期限已于{clock.long_date(row.ends_on)}届满。",
            remedy="期满后由省级人社部门处理；请联系省级人社部门。",
            clause="4.3",
        )


def _frozen(item: Item) -> dict[str, Any]:
    return {
        "number": item.number,
        "requirement": item.requirement,
        "reply": item.reply,
        "files": [
            {
                "document": each.document_id,
                "name": each.document.name,
                "sha256": each.document.sha256,
            }
            for each in item.files.all()
        ],
    }


def _require_evidence(items: Iterable[Item]) -> None:
    for item in items:
        if not item.reply:
            raise Invalid(
                f"第 {item.number} 条还没有填写整改情况。",
                remedy="每条要求都要写明怎样整改、结果如何。",
                clause="4.3",
                field=f"item-{item.number}",
            )
        if not item.files.all():
            raise Invalid(
                f"第 {item.number} 条还没有证明材料。",
                remedy="请上传照片、凭证、台账等证明整改结果的文件。",
                clause="4.3",
                field=f"item-{item.number}",
            )
