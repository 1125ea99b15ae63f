"""The order: drafted, agreed by both departments, given, served."""

from collections.abc import Sequence
from datetime import date

from django.db import IntegrityError, transaction

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import Invalid, LimitReached, NotFound, WrongState
from jiangxin.core.workflow import RectificationState, Role
from jiangxin.records.concurrence import actions as concurrence
from jiangxin.records.documents.actions import keep_generated
from jiangxin.records.documents.papers import Upload
from jiangxin.records.identity.viewer import Viewer
from jiangxin.records.inbox.actions import tell_office, tell_unit
from jiangxin.records.ledger.actions import append, move
from jiangxin.stages.acceptance.queries import failed
from jiangxin.stages.application.titled import move_project, project_of
from jiangxin.stages.construction.files import keep
from jiangxin.stages.construction.reading import words
from jiangxin.stages.construction.rules import months_later
from jiangxin.stages.rectification import papers
from jiangxin.stages.rectification.choices import Service, Source
from jiangxin.stages.rectification.models import Item, Rectification
from jiangxin.stages.rectification.queries import ORDER
from jiangxin.stages.rectification.rules import require_source, require_term
from jiangxin.stages.titles.models import Title
from jiangxin.stages.titles.queries import in_scope

CAUSE, REQUIREMENT, OWNER = 2000, 500, 40  # letters
MOST = 40  # items
BY_HAND = tuple(each for each in Service if each is not Service.SIGNED)
Line = tuple[str, str]  # requirement, owner


@transaction.atomic
def draft_order(
    *,
    viewer: Viewer,
    title_id: int,
    source: str,
    cause: str,
    months: int,
    items: Sequence[Line],
    doc_number: str = "",
) -> Rectification:
    """Draft an order for a title: why, what, who answers for it, how long.

    Effects: the order with its items; event `rectification.drafted`. Raises `WrongState` for a
    title that gives no cause (a legacy title unless the province's rules grant a term, 4.2), and
    `Invalid` for a term beyond one year (4.3) or a missing text, `LimitReached` while another runs.
    """
    viewer.require(Role.PROVINCE_HR)
    title = Title.objects.select_for_update().filter(in_scope(viewer, ""), pk=title_id).first()
    if title is None:
        raise NotFound("没有这个称号。", remedy="它可能属于其他省份。")
    require_source(title, source)
    row = Rectification(title=title, source=source, drafted_at=clock.now())
    if source == Source.ACCEPTANCE:
        row.acceptance = failed(title)
    _write(row, cause, months, doc_number)
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as error:
        if "one_open_rectification_per_title" in str(error):
            raise LimitReached(
                "这个称号已有一份整改通知在办理。", remedy="请在限期整改列表中查看。", clause="4.3"
            ) from None
        if "one_rectification_per_failed_acceptance" in str(error):
            raise LimitReached("这次验收已下达过整改通知。", clause="4.3") from None
        raise
    _write_items(row, items)
    append(
        type="rectification.drafted",
        subject=row.subject,
        by=viewer,
        payload={"title": title.subject, "source": source, "digest": row.digest()},
    )
    return row


@transaction.atomic
def revise_order(
    *,
    viewer: Viewer,
    rectification_id: int,
    cause: str,
    months: int,
    items: Sequence[Line],
    doc_number: str = "",
) -> Rectification:
    """Change a draft. Effects: the order; concurrences voided, event `rectification.revised`, when its
    content changed. Raises `Invalid` like `draft_order`, `WrongState` once it was given."""
    viewer.require(Role.PROVINCE_HR)
    row = locked(viewer, rectification_id)
    _require_draft(row)
    before = row.digest()
    _write(row, cause, months, doc_number)
    row.save(update_fields=["cause", "months", "doc_number"])
    row.items.all().delete()
    _write_items(row, items)
    if row.digest() != before:
        concurrence.void(subject=row.subject, reason="整改通知内容已修改", by=viewer)
        append(
            type="rectification.revised",
            subject=row.subject,
            by=viewer,
            payload={"digest": row.digest()},
        )
    return row


@transaction.atomic
def concur_order(
    *, viewer: Viewer, rectification_id: int, digest: str, agreed: bool, remark: str = ""
) -> Rectification:
    """The viewer's department agrees, or not, to the order with this digest (that of its page)."""
    viewer.require(Role.PROVINCE_HR, Role.PROVINCE_FINANCE)
    row = locked(viewer, rectification_id)
    _require_draft(row)
    if digest != row.digest():
        raise WrongState("整改通知内容刚刚改动。", remedy="请刷新页面，核对后再表态。")
    concurrence.give(
        viewer=viewer,
        act=ORDER,
        subject=row.subject,
        digest=digest,
        agreed=agreed,
        remark=remark,
    )
    return row


@transaction.atomic
def order(*, viewer: Viewer, rectification_id: int) -> Rectification:
    """Give the order, with both departments' agreement.

    Effects, in order: the paper kept; order given, event `rectification.ordered` with digest and
    term; project rectifying, event `project.rectification_ordered` (a title of 2011–2020 has
    none); a message to the unit, which is to sign the receipt. Raises `WrongState` until both agree
    or when the cause has gone, `Invalid` for a term beyond the limit.
    """
    row = locked(viewer, rectification_id)
    agreed_to = row.digest()
    project = project_of(row.title)

    def both_agree() -> None:
        concurrence.require(act=ORDER, subject=row.subject, digest=agreed_to, clause="4.3")

    def term_within_limit() -> None:
        require_source(row.title, row.source)
        require_term(row.title, row.months)

    guards = {"both_agree": both_agree, "term_within_limit": term_within_limit}
    row.before = project.state if project else ""
    row.ordered_at = clock.now()
    move(
        row,
        step="order",
        by=viewer,
        guards=guards,
        payload={"digest": agreed_to, "months": row.months},
        also=("before", "ordered_at"),
    )
    row.paper = keep_generated(
        name=f"限期整改通知书-{row.title.number}.pdf",
        media_type="application/pdf",
        data=papers.order_pdf(row),
    )
    row.save(update_fields=["paper"])
    move_project(
        row.title,
        step="order_rectification",
        by=viewer,
        guards={"both_agree": both_agree, "term_within_limit": lambda: None},
        payload={"rectification": row.subject},
    )
    tell_unit(
        uscc=row.title.uscc,
        title=f"限期整改通知：{row.title.name}",
        text=f"请签收。整改期限自签收之日起 {row.months} 个月。",
        about=row.subject,
    )
    return row


@transaction.atomic
def drop(*, viewer: Viewer, rectification_id: int, reason: str) -> Rectification:
    """Give up a draft. Effects: order dropped with its reason, event `rectification.dropped`;
    concurrences voided. Raises `Invalid` without a reason."""
    row = locked(viewer, rectification_id)

    def reasons_given() -> None:
        row.closing = words(reason, "不再下达的理由", "reason", most=CAUSE, clause="4.3")

    row.closed_at = clock.now()
    move(
        row,
        step="drop",
        by=viewer,
        guards={"reasons_given": reasons_given},
        also=("closing", "closed_at"),
    )
    concurrence.void(subject=row.subject, reason="不再下达整改通知", by=viewer)
    return row


@transaction.atomic
def sign_receipt(*, viewer: Viewer, rectification_id: int) -> Rectification:
    """The unit signs that it has received the order; from this day the term runs (4.3).

    Effects: service and last day of the term, event `rectification.served`; the province is told.
    """
    viewer.require(Role.APPLICANT)
    row = locked(viewer, rectification_id)
    return _serve(viewer, row, Service.SIGNED, clock.today(), viewer.name)


@transaction.atomic
def record_service(
    *,
    viewer: Viewer,
    rectification_id: int,
    service: str,
    served_on: date,
    served_to: str = "",
    proof: Upload | None,
) -> Rectification:
    """The province records how and when the order was served; the term runs from that day.

    Effects: as for a signed receipt, with the proof kept. Raises `Invalid` for an unknown way, a day
    before the order or in the future, or a missing proof.
    """
    viewer.require(Role.PROVINCE_HR)
    row = locked(viewer, rectification_id)
    if service not in BY_HAND:
        raise Invalid("请选择送达方式。", clause="4.3", field="service")
    ordered = (row.ordered_at or clock.now()).astimezone(clock.BEIJING).date()
    if not ordered <= served_on <= clock.today():
        raise Invalid(
            f"送达日期应在下达之日（{clock.long_date(ordered)}）至今天之间。", field="served_on"
        )
    if proof is None:
        raise Invalid(
            "请上传送达凭证。", remedy="例如送达回证、邮寄签收单、公告截图。", field="proof"
        )
    row.service_proof = keep(viewer, [proof], "proof")[0]
    name = words(served_to, "签收人", "served_to", most=40, required=False)
    return _serve(viewer, row, Service(service), served_on, name)


def _serve(
    viewer: Viewer, row: Rectification, service: Service, served_on: date, to: str
) -> Rectification:
    row.service, row.served_on, row.served_to = service, served_on, to
    row.ends_on = months_later(served_on, row.months)
    move(
        row,
        step="serve",
        by=viewer,
        payload={"service": service.value, "served_on": served_on, "ends_on": row.ends_on},
        also=("service", "served_on", "served_to", "ends_on", "service_proof"),
    )
    told = f"整改期限至{clock.long_date(row.ends_on)}。"
    if viewer.role is Role.APPLICANT:
        tell_office(
            role=Role.PROVINCE_HR,
            province=row.title.province,
            title=f"整改通知已签收：{row.title.name}",
            text=told,
            about=row.subject,
        )
    else:
        tell_unit(
            uscc=row.title.uscc,
            title=f"整改通知已送达：{row.title.name}",
            text=told,
            about=row.subject,
            due=row.ends_on,
        )
    return row


def _write(row: Rectification, cause: str, months: int, doc_number: str) -> None:
    row.cause = words(cause, "存在的问题", "cause", most=CAUSE, clause="4.3")
    row.doc_number = words(doc_number, "文号", "doc_number", most=60, required=False)
    require_term(row.title, months)
    row.months = months


def _write_items(row: Rectification, items: Sequence[Line]) -> None:
    if not items:
        raise Invalid("请至少写一条整改要求。", clause="4.3", field="demands")
    if len(items) > MOST:
        raise Invalid(f"整改要求最多 {MOST} 条。", field="demands")
    Item.objects.bulk_create(
        [
            Item(
                rectification=row,
                number=number,
                requirement=words(
                    requirement, f"第 {number} 条整改要求", "demands", most=REQUIREMENT
                ),
                owner=words(owner, f"第 {number} 条的责任人", "demands", most=OWNER),
            )
            for number, (requirement, owner) in enumerate(items, start=1)
        ]
    )


def _require_draft(row: Rectification) -> None:
    if row.state != RectificationState.DRAFT:
        raise WrongState("整改通知已下达，内容不能再改。", clause="4.3")


def locked(viewer: Viewer, rectification_id: int) -> Rectification:
    """The order, locked, in the viewer's scope; a unit finds no draft. Raises `NotFound`."""
    viewer.require(Role.APPLICANT, Role.PROVINCE_HR, Role.PROVINCE_FINANCE)
    rows = Rectification.objects.select_for_update(of=("self",)).select_related("title")
    found = rows.filter(in_scope(viewer, "title"), pk=rectification_id).first()
    hidden = (RectificationState.DRAFT, RectificationState.DROPPED)
    if found is None or (viewer.role is Role.APPLICANT and found.state in hidden):
        raise NotFound("没有这份整改通知。", remedy="它可能不在您的办理范围内。")
    return found
