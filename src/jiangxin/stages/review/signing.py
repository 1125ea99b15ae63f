"""What declaring, keeping and signing a score sheet are, on a panel of any kind.

`clause` is that of the stage; `verb` is what its experts do (评分, 评价). The callers have locked the
sheet, save it and write the event.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.canonical import digest
from jiangxin.core.kernel.errors import Invalid, WrongState
from jiangxin.core.scoring.marking import Result, score
from jiangxin.core.scoring.rubric import Rubric

from .choices import Conflict, SheetState
from .marks import marks_of, problems_of, stored

COMMENT, REASON = 2000, 300  # letters


class Sheet(Protocol):
    """A score sheet as both kinds of panels have it."""

    marks: dict[str, Any]
    comment: str
    conflict: str
    conflict_reason: str
    state: str
    total: int | None
    salt: str
    digest: str
    signed_at: datetime | None


SIGNED = ("total", "state", "signed_at", "digest")
DECLARED = ("conflict", "conflict_reason")


def declare(sheet: Sheet, *, conflict: bool, reason: str, clause: str, verb: str) -> bool:
    """Set the declaration; whether it is a new one. Raises `WrongState` after signing and for taking
    a conflict back, `Invalid` for a conflict without a reason."""
    if sheet.state == SheetState.SIGNED:
        require_open(sheet, clause=clause, verb=verb)
    if sheet.conflict == Conflict.DECLARED:
        raise WrongState("已对该项目申请回避，不能撤回。", clause=clause)
    clean = reason.replace("\0", "").strip()
    if conflict and not clean:
        raise Invalid("请写明回避事由。", clause=clause, field="reason")
    if not conflict and sheet.conflict == Conflict.NONE:
        return False
    sheet.conflict = Conflict.DECLARED if conflict else Conflict.NONE
    sheet.conflict_reason = clean[:REASON] if conflict else ""
    return True


def keep(sheet: Sheet, by: Rubric, data: Mapping[str, str], comment: str) -> dict[str, str]:
    """Put what was typed on the sheet; item → what is wrong with its mark."""
    sheet.marks = {item.id: stored(item, data, sheet.marks.get(item.id)) for item in by.items()}
    sheet.comment = comment.replace("\0", "").strip()[:COMMENT]
    return problems_of(by, sheet)


def seal(sheet: Sheet, by: Rubric, about: Mapping[str, Any], *, clause: str) -> Result:
    """Sign the sheet as it stands: total, state, moment, and the salted digest of `about` and what the
    expert wrote. Raises `Invalid` naming the first item that is missing or wrong."""
    require_complete(by, problems_of(by, sheet), clause=clause)
    result = score(by, marks_of(by, sheet))
    sheet.total, sheet.state, sheet.signed_at = result.total, SheetState.SIGNED, clock.now()
    sheet.digest = digest(
        {
            "salt": sheet.salt,
            **about,
            "marks": sheet.marks,
            "comment": sheet.comment,
            "total": sheet.total,
        }
    )
    return result


def require_complete(by: Rubric, problems: Mapping[str, str], *, clause: str) -> None:
    """Raises `Invalid` while an item has no usable mark."""
    if not problems:
        return
    first = next(iter(problems))
    raise Invalid(
        f"还有 {len(problems)} 项未评好，例如“{by.item(first).name}”{problems[first]}。",
        remedy="请补齐后再签署；已填内容不会丢失。",
        clause=clause,
        field=first,
    )


def require_open(sheet: Sheet, *, clause: str, verb: str) -> None:
    """Raises `WrongState` for a signed sheet, before the declaration, and after a conflict."""
    if sheet.state == SheetState.SIGNED:
        raise WrongState(
            f"{verb}表已签署，不能修改。",
            remedy="如发现差错，请联系省级人社部门和监督人员。",
            clause=clause,
        )
    if sheet.conflict == Conflict.UNDECLARED:
        raise WrongState("请先申明与该项目有无利害关系。", clause=clause)
    if sheet.conflict == Conflict.DECLARED:
        raise WrongState(f"已对该项目申请回避，不再{verb}。", clause=clause)
