"""The lists of the formal examination: their columns and their search language."""

from typing import Any

from django.db.models import Q, QuerySet

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import Invalid
from jiangxin.core.workflow import ProjectState
from jiangxin.faces.frame.addresses import path_of
from jiangxin.faces.frame.filters import clause_label
from jiangxin.faces.frame.listing import Column, Keyword, Listing, number, when
from jiangxin.records.identity.viewer import Viewer
from jiangxin.stages.copied.queries import is_copied, with_copies
from jiangxin.stages.examination import queries
from jiangxin.stages.programme.queries import pack

from .projects import COLUMNS, FIELDS, KEYWORDS, waiting

SHOWN = ("number", "title", "unit", "track", "state", "submitted")
MORE = ("case__due", "case__examiner__name", "case__returned", "case__standing")
STANDING = {1: "待复核", 2: "有分歧"}
NOBODY = "待领取"


def queue_rows(viewer: Viewer) -> QuerySet[Any, Any]:
    """The queue with all that its columns show."""
    return with_copies(queries.queue(viewer)).values(*FIELDS, *MORE, "judged", "copies")


def queue_listing(viewer: Viewer) -> Listing:
    """The queue's declaration: what was submitted first comes first, what was returned last."""
    own = {each.key: each for each in COLUMNS}
    return Listing(
        columns=(
            *(own[key] for key in SHOWN),
            Column("deadline", "期限", _until, "date", "case__due"),
            Column("examiner", "审查人", _examiner, sort="case__examiner__name"),
            Column("judged", "已判定", lambda row: row["judged"], "number", "judged"),
            Column("returned", "退回", _returned, "number", "case__returned"),
            Column("copies", "近似段落", lambda row: row["copies"] or None, "number"),
            Column(
                "standing",
                "复核",
                lambda row: STANDING.get(row["case__standing"], ""),
                default=False,
            ),
            *(each for key, each in own.items() if key in ("version", "field", "leader")),
        ),
        keywords=(*KEYWORDS, *_keywords(viewer), waiting(viewer.role)),
        text=("number__icontains", "title__icontains", "unit_name__icontains"),
        text_help="在编号、项目名称、申报单位中查找",
        order=("-state", "submitted_at", "pk"),
        link=lambda row: path_of("desk-examine", row["pk"]),
        keyed=True,
    )


def _until(row: dict[str, Any]) -> Any:
    """The day that binds now: ours for examining, the unit's for correcting."""
    if row["state"] == ProjectState.RETURNED:
        return row["correction_due"]
    return row["case__due"]


def _examiner(row: dict[str, Any]) -> str:
    return row["case__examiner__name"] or NOBODY


def _returned(row: dict[str, Any]) -> int | None:
    return row["case__returned"] or None


def _keywords(viewer: Viewer) -> tuple[Keyword, ...]:
    return (
        Keyword(
            "条款",
            "条款或规范的现状：不符合（可省略）、待核实、符合",
            "条款:2.1.1.3=不符合",
            clause,
        ),
        Keyword("审查人", "写姓名；我、无", "审查人:我", lambda value: _examined_by(viewer, value)),
        when("期限", "审查期限（补正中为补正期限）：逾期、三日内", deadlines()),
        number("退回", "case__returned", "退回补正的次数", example=">=1"),
        when(
            "复核",
            "两人审查的：待我、待复核、有分歧",
            {
                "待我": queries.mine(viewer) & Q(case__standing__gte=1),
                "待复核": Q(case__standing=1),
                "有分歧": Q(case__standing=2),
            },
        ),
        when("近似", "有无与其他单位近似的段落：有、无", {"有": is_copied(), "无": ~is_copied()}),
    )


def deadlines() -> dict[str, Q]:
    """What is late, and what will be within three days; the day itself is still in time."""
    today = clock.today()
    examined, returned = Q(state=ProjectState.SUBMITTED.value), Q(state=ProjectState.RETURNED.value)
    soon = today + queries.SOON
    return {
        "逾期": (examined & Q(case__due__lt=today)) | (returned & Q(correction_due__lt=today)),
        "三日内": (examined & Q(case__due__range=(today, soon)))
        | (returned & Q(correction_due__range=(today, soon))),
    }


def clause(value: str) -> Q:
    """`2.1.1.3=不符合`, `N11=待核实`, `二（一）1（3）`; without a word 不符合 is meant."""
    place, _, word = value.replace("＝", "=").partition("=")
    words = queries.CLAUSE_WORDS
    if (word or "不符合") not in words:
        raise Invalid(f"“条款”没有“{word}”这种现状。", remedy=f"可用：{'、'.join(words)}。")
    known = {clause_label(key): key for key in pack().clauses} | {key: key for key in pack().norms}
    known |= {key: key for key in pack().clauses}
    found = known.get(place, place if "-" in place else "")
    if not found:
        raise Invalid(f"没有条款“{place}”。", remedy="例如 条款:2.1.1.3=不符合、条款:N11=待核实。")
    return queries.clause_is(found, words[word or "不符合"])


def _examined_by(viewer: Viewer, value: str) -> Q:
    if value == "我":
        return Q(case__examiner_id=viewer.user_id or 0)
    if value in ("无", NOBODY):
        return Q(case__examiner=None)
    return Q(case__examiner__name__icontains=value)
