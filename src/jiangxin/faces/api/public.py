"""What everybody may read: the register, calls, notices, the policy."""

from datetime import date
from typing import Any

from django.db.models import F, Q
from django.http import HttpRequest
from ninja import Router

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import NotFound
from jiangxin.records.identity.viewer import PUBLIC
from jiangxin.stages.programme import queries as programme
from jiangxin.stages.programme.tracks import Kind
from jiangxin.stages.publicity import queries as publicity
from jiangxin.stages.titles import queries as titles

from . import schemas
from .reading import filtered, page_of, shown
from .schemas import Page, PageNumber, PageSize

router = Router()

TITLE = (
    "number",
    "kind",
    "track",
    "province",
    "year",
    "name",
    "unit_name",
    "uscc",
    "leader_name",
    "priority_field",
    "public_state",
    "assessment",
    "assessed_year",
    "registered_at",
)
CALL = (
    "id",
    "province",
    "year",
    "title",
    "doc_number",
    "opens_at",
    "closes_at",
    "overlay",
    "publicity_days",
    "panel_size",
    "correction_days",
    "phone",
    "text",
)


@router.get("/register", response=Page[schemas.Title], summary="名录")
def register(
    request: HttpRequest,
    province: str = "",
    kind: Kind | None = None,
    year: int | None = None,
    q: str = "",
    page: PageNumber = 1,
    size: PageSize = 50,
) -> dict[str, Any]:
    """Every title that was ever named, valid or revoked, newest first.

    `q` is looked for in number, name and unit.
    """
    rows = filtered(titles.register(), province=province, kind=kind, year=year)
    if q:
        rows = rows.filter(
            Q(number__icontains=q) | Q(name__icontains=q) | Q(unit_name__icontains=q)
        )
    found = page_of(rows.order_by("-year", "province", "number").values(*TITLE), page, size)
    return {**found, "items": [_entry(row) for row in found["items"]]}


def _entry(row: dict[str, Any]) -> dict[str, Any]:
    """A row of the register with its state under the name of the schema."""
    return {**row, "state": row["public_state"]}


@router.get(
    "/register/{number}",
    response={200: schemas.Title, 404: schemas.Problem},
    summary="名录中的一项",
)
def register_entry(request: HttpRequest, number: str) -> dict[str, Any]:
    """One title by its number."""
    row = titles.register().filter(number=number).values(*TITLE).first()
    if row is None:
        raise NotFound("名录中没有这个编号。", remedy="请核对编号。")
    return _entry(shown(row))


@router.get("/calls", response=Page[schemas.Call], summary="申报通知")
def calls(
    request: HttpRequest,
    province: str = "",
    year: int | None = None,
    page: PageNumber = 1,
    size: PageSize = 50,
) -> dict[str, Any]:
    """The published calls."""
    rows = filtered(programme.calls(PUBLIC), province=province, year=year)
    return page_of(rows.order_by("-year", "province").values(*CALL), page, size)


@router.get(
    "/calls/{call_id}", response={200: schemas.Call, 404: schemas.Problem}, summary="一份申报通知"
)
def call(request: HttpRequest, call_id: int) -> dict[str, Any]:
    """One published call."""
    programme.call(PUBLIC, call_id)
    return shown(programme.calls(PUBLIC).values(*CALL).get(pk=call_id))


@router.get("/notices", response=Page[schemas.Notice], summary="公示")
def notices(
    request: HttpRequest,
    province: str = "",
    year: int | None = None,
    page: PageNumber = 1,
    size: PageSize = 50,
) -> dict[str, Any]:
    """The published notices, newest first."""
    rows = filtered(publicity.notices(PUBLIC), call__province=province, call__year=year)
    rows = rows.order_by(F("published_at").desc(nulls_last=True), "-id")
    start = (page - 1) * size
    return {
        "total": rows.count(),
        "page": page,
        "size": size,
        "items": [_notice(row) for row in rows[start : start + size]],
    }


@router.get(
    "/notices/{notice_id}",
    response={200: schemas.NoticeWithList, 404: schemas.Problem},
    summary="一份公示及名单",
)
def notice(request: HttpRequest, notice_id: int) -> dict[str, Any]:
    """One published notice with its list exactly as decided."""
    row = publicity.notice(PUBLIC, notice_id)
    return {**_notice(row), "text": row.text, "contact": row.contact, "items": row.items}


def _notice(row: Any) -> dict[str, Any]:
    names = (
        "id",
        "title",
        "doc_number",
        "state",
        "published_at",
        "starts_on",
        "ends_on",
    )
    own = {name: getattr(row, name) for name in names}
    place = {"province": row.call.province, "year": row.call.year}
    return shown({**own, **place, "digest": row.digest()})


@router.get("/policy", response=schemas.Policy, summary="政策包")
def policy(request: HttpRequest) -> Any:
    """The policy pack in force."""
    return programme.pack()


@router.get("/policy/norms", response=list[schemas.Norm], summary="规范")
def norms(request: HttpRequest, kind: str = "") -> list[Any]:
    """The norms, one by one; `kind` is one of T E Q D P R M S A."""
    return [each for each in programme.pack().norms.values() if kind in ("", each.kind)]


@router.get("/policy/clauses", response=list[schemas.Clause], summary="条款")
def clauses(request: HttpRequest) -> list[Any]:
    """The clauses of the notice, verbatim."""
    return list(programme.pack().clauses.values())


@router.get("/policy/parameters", response=list[schemas.Parameter], summary="参数")
def parameters(request: HttpRequest, on: date | None = None) -> list[Any]:
    """The numbers of the law in force on a day (today when none is given)."""
    day = on or clock.today()
    return [
        each
        for each in programme.pack().parameters
        if each.since <= day and (each.until is None or day <= each.until)
    ]
