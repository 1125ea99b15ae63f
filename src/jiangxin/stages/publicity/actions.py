"""Publish the proposed projects, hear what is said against them, and confirm the rest."""

from django.db import transaction

from jiangxin.core.kernel import chance, clock
from jiangxin.core.kernel.errors import Invalid, NotFound, WrongState
from jiangxin.core.workflow import NoticeState, ProjectState, Role
from jiangxin.records.concurrence import actions as concurrence
from jiangxin.records.identity.secrets import seal
from jiangxin.records.identity.viewer import PUBLIC, Viewer
from jiangxin.records.ledger.actions import append, move
from jiangxin.stages.application.models import Application
from jiangxin.stages.programme.models import Call

from .checks import (
    OBJECTION_LETTERS,
    check_notice,
    check_objection,
    check_person,
    require_clean,
)
from .limits import count_objection
from .models import Notice, Objection
from .queries import (
    PUBLISH,
    UPHOLD,
    accepts_anonymous,
    accepts_objections,
    code_hash,
    items_of,
    period_if_published_now,
)

EDITABLE = ("title", "doc_number", "text", "contact", "days")
ALPHABET = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"  # no letters or digits that are mistaken for others


@transaction.atomic
def draft_notice(*, viewer: Viewer, call_id: int) -> Notice:
    """The notice of a call with the projects that are proposed now; the same one when it exists.

    Effects: the row; event `notice.drafted`. Raises `WrongState` while nothing is proposed.
    """
    viewer.require(Role.PROVINCE_HR)
    call = Call.objects.filter(pk=call_id, province=viewer.province).first()
    if call is None:
        raise NotFound("没有这份申报通知。", remedy="它可能属于其他省份。")
    existing = Notice.objects.filter(call=call).first()
    if existing:
        return existing
    items = items_of(call)
    if not items:
        raise WrongState(
            "还没有拟推荐项目，不能起草公示。",
            remedy="两个部门确定拟推荐名单后再起草。",
            clause="3.2",
        )
    row = Notice.objects.create(
        call=call,
        title=f"{call.year}年国家级高技能人才培训基地和技能大师工作室建设项目拟推荐名单公示",
        text=(
            "经单位申报、资格审查、专家评审，并经研究，拟推荐以下项目，现予公示。"
            "公示期间如有异议，请实名提出并提供联系方式和有关材料。"
        ),
        contact=f"省级人力资源社会保障部门 {call.phone}".strip(),
        days=call.publicity_days,
        items=items,
    )
    append(type="notice.drafted", subject=row.subject, by=viewer, payload={"digest": row.digest()})
    return row


@transaction.atomic
def revise_notice(*, viewer: Viewer, notice_id: int, **fields: object) -> Notice:
    """Change a draft; its list is taken anew from what is proposed.

    Effects: the row; concurrences voided when the content changed; event `notice.revised`. Raises
    `Invalid` for too few working days or an empty title.
    """
    viewer.require(Role.PROVINCE_HR)
    row = _locked(viewer, notice_id)
    _require_draft(row)
    before = row.digest()
    for name in EDITABLE:
        if name in fields:
            setattr(row, name, fields[name])
    row.items = items_of(row.call)
    check_notice(row)
    row.save()
    if row.digest() != before:
        concurrence.void(subject=row.subject, reason="公示内容已修改", by=viewer)
        append(
            type="notice.revised", subject=row.subject, by=viewer, payload={"digest": row.digest()}
        )
    return row


@transaction.atomic
def concur_notice(
    *, viewer: Viewer, notice_id: int, digest: str, agreed: bool, remark: str = ""
) -> Notice:
    """The viewer's department agrees, or not, to the notice with this `digest` (that of its page)."""
    row = _locked(viewer, notice_id)
    _require_draft(row)
    if digest != row.digest():
        raise WrongState("公示内容刚刚改动。", remedy="请刷新页面，核对后再表态。")
    concurrence.give(
        viewer=viewer,
        act=PUBLISH,
        subject=row.subject,
        digest=digest,
        agreed=agreed,
        remark=remark,
    )
    return row


@transaction.atomic
def publish(*, viewer: Viewer, notice_id: int) -> Notice:
    """Publish the notice; its period begins the next day and is counted in working days.

    Effects, in order: start and end fixed by the calendar as it stands; notice published, event
    `notice.published` with digest and end; every project on it publicised, event
    `project.publicised`. Raises `WrongState` while a department is missing or the list is no longer
    what is proposed, `Invalid` naming personal data.
    """
    row = _locked(viewer, notice_id)
    if row.state == NoticeState.DRAFT and row.items != items_of(row.call):
        raise WrongState(
            "拟推荐名单在起草后有变化。", remedy="请先更新公示内容并重新会商。", clause="3.2"
        )
    row.published_at = clock.now()
    row.starts_on, row.ends_on = period_if_published_now(row)

    def both_agree() -> None:
        concurrence.require(act=PUBLISH, subject=row.subject, digest=row.digest(), clause="3.2")

    def no_personal_data() -> None:
        require_clean(row)

    guards = {"both_agree": both_agree, "no_personal_data": no_personal_data}
    move(
        row,
        step="publish",
        by=viewer,
        guards=guards,
        payload={"digest": row.digest(), "ends_on": row.ends_on},
        also=("published_at", "starts_on", "ends_on"),
    )
    for project in _projects(row, ProjectState.PROPOSED):
        move(project, step="publicise", by=viewer, guards=guards, payload={"notice": row.subject})
    return row


@transaction.atomic
def object_to(
    *,
    notice_id: int,
    ground: str,
    text: str,
    application_id: int | None = None,
    name: str = "",
    contact: str = "",
    anonymous: bool = False,
    sender: str = "",
) -> tuple[Objection, str]:
    """Somebody of the public objects; returns the objection and the code to ask for the answer.

    `sender` is the network address, counted apart from the objection. Effects: the hour's count; the
    row, name and contact encrypted; event `objection.raised`, which holds neither. Raises `NotFound`
    for a draft, `WrongState` outside the period, `Invalid` without a ground, a text, or (unless
    anonymous, where the policy lets it be) name and contact, `LimitReached` for too many in an hour.
    """
    row = Notice.objects.select_for_update().filter(pk=notice_id).first()
    if row is None or row.state == NoticeState.DRAFT:
        raise NotFound("没有这份公示。")
    if not accepts_objections(row):
        raise WrongState(
            "公示期已结束，不再受理异议。", remedy="可向受理单位当面反映。", clause="3.2"
        )
    text, name, contact = (each.replace("\0", "").strip() for each in (text, name, contact))
    check_objection(row, ground, text, application_id)
    anonymous = anonymous and accepts_anonymous(row)
    if not anonymous:
        check_person(row, name, contact)
    count_objection(row, sender)
    code = "".join(chance.pick(ALPHABET) for _ in range(10))
    found = Objection.objects.create(
        notice=row,
        application_id=application_id,
        ground=ground,
        text=text,
        named=not anonymous,
        person_sealed="" if anonymous else seal(f"{name}，{contact}"),
        number=f"Y{row.call.year}{row.call.province}{chance.token(4).upper()}",
        code_hash=code_hash(code),
        at=clock.now(),
    )
    append(
        type="objection.raised",
        subject=found.subject,
        by=PUBLIC,
        payload={"notice": row.subject, "ground": ground, "named": found.named},
    )
    return found, code


@transaction.atomic
def answer(*, viewer: Viewer, objection_id: int, upheld: bool, text: str) -> Objection:
    """The province answers. 不成立 takes effect at once; 成立 waits for both departments.

    Effects: the answer, earlier concurrences voided; for 不成立 the outcome and event
    `objection.dismissed`; for 成立 the proposal and event `objection.uphold_proposed`. Raises
    `Invalid` without an answer or when a general objection is to be upheld against no project.
    """
    viewer.require(Role.PROVINCE_HR)
    row = _open_objection(viewer, objection_id)
    if not text.strip():
        raise Invalid("请写明核查情况和答复。", clause="3.2", field="text")
    if len(text) > OBJECTION_LETTERS:
        raise Invalid(f"答复最多 {OBJECTION_LETTERS} 字。", field="text")
    if upheld and row.application_id is None:
        raise Invalid(
            "这条异议没有指明项目，不能据以取消推荐。",
            remedy="核查属实的，请在答复中写明处理，并对具体项目另行办理。",
            field="upheld",
        )
    row.answer, row.answered_by = text.strip(), viewer.name
    if upheld:
        row.proposal = Objection.Outcome.UPHELD
    else:
        row.proposal, row.outcome = "", Objection.Outcome.DISMISSED
        row.answered_at = clock.now()
    row.save()
    concurrence.void(subject=row.subject, reason="答复已修改", by=viewer)
    append(
        type="objection.uphold_proposed" if upheld else "objection.dismissed",
        subject=row.subject,
        by=viewer,
        payload={"digest": row.digest()},
    )
    return row


@transaction.atomic
def concur_objection(
    *, viewer: Viewer, objection_id: int, digest: str, agreed: bool, remark: str = ""
) -> Objection:
    """A department agrees, or not, that the objection is upheld."""
    row = _open_objection(viewer, objection_id)
    if row.proposal != Objection.Outcome.UPHELD or digest != row.digest():
        raise WrongState("答复刚刚改动。", remedy="请刷新页面，核对后再表态。")
    concurrence.give(
        viewer=viewer,
        act=UPHOLD,
        subject=row.subject,
        digest=digest,
        agreed=agreed,
        remark=remark,
    )
    return row


@transaction.atomic
def uphold(*, viewer: Viewer, objection_id: int) -> Objection:
    """Take the project off the list because an objection holds.

    Effects, in order: project not selected, event `project.objection_upheld` (nothing of both when
    an earlier objection has taken it off already); outcome of this objection, event
    `objection.upheld`. Its quota place stays with it: nothing moves up silently. Raises
    `WrongState` until both departments agree.
    """
    viewer.require(Role.PROVINCE_HR)
    row = _open_objection(viewer, objection_id)
    if row.application_id is None or row.proposal != Objection.Outcome.UPHELD:
        raise WrongState("还没有提出“异议成立”。", remedy="请先写明核查情况并提出。", clause="3.2")

    def both_agree() -> None:
        concurrence.require(act=UPHOLD, subject=row.subject, digest=row.digest(), clause="3.2")

    project = Application.objects.select_for_update().get(pk=row.application_id)
    if row.notice.objections.filter(application=project, outcome=Objection.Outcome.UPHELD).exists():
        both_agree()
    else:
        move(
            project,
            step="uphold_objection",
            by=viewer,
            guards={"both_agree": both_agree},
            payload={"objection": row.number},
        )
    row.outcome, row.answered_at = Objection.Outcome.UPHELD, clock.now()
    row.save(update_fields=["outcome", "answered_at"])
    append(
        type="objection.upheld",
        subject=row.subject,
        by=viewer,
        payload={"digest": row.digest(), "project": project.subject},
    )
    return row


@transaction.atomic
def close(*, viewer: Viewer, notice_id: int) -> Notice:
    """End the publicity and confirm what stood it.

    Effects, in order: notice closed, event `notice.closed`; every project still publicised
    confirmed, event `project.confirmed`. Raises `WrongState` before the last day is over or while
    an objection is open.
    """
    row = _locked(viewer, notice_id)
    row.closed_at = clock.now()
    guards = {
        "period_over": lambda: _require_over(row),
        "no_open_objection": lambda: _require_answered(row),
    }
    move(row, step="close", by=viewer, guards=guards, also=("closed_at",))
    for project in _projects(row, ProjectState.PUBLICISED):
        move(project, step="confirm", by=viewer, guards=guards, payload={"notice": row.subject})
    return row


def _projects(row: Notice, state: ProjectState) -> list[Application]:
    ids = [item["application"] for item in row.items]
    rows = Application.objects.select_for_update().filter(pk__in=ids, state=state)
    return list(rows.order_by("id"))


def _locked(viewer: Viewer, notice_id: int) -> Notice:
    row = (
        Notice.objects.select_for_update(of=("self",))
        .select_related("call")
        .filter(pk=notice_id, call__province=viewer.province)
        .first()
    )
    if row is None:
        raise NotFound("没有这份公示。", remedy="它可能属于其他省份。")
    return row


def _open_objection(viewer: Viewer, objection_id: int) -> Objection:
    row = (
        Objection.objects.select_for_update(of=("self",))
        .select_related("notice__call")
        .filter(pk=objection_id, notice__call__province=viewer.province)
        .first()
    )
    if row is None:
        raise NotFound("没有这条异议。", remedy="它可能属于其他省份。")
    if row.outcome != Objection.Outcome.OPEN:
        raise WrongState(f"这条异议已办结：{Objection.Outcome(row.outcome).label}。")
    return row


def _require_draft(row: Notice) -> None:
    if row.state != NoticeState.DRAFT:
        raise WrongState("公示已发布，内容不能再改。", remedy="确需更正的，请另发更正公告。")


def _require_over(row: Notice) -> None:
    if row.ends_on is None or clock.now() < clock.end_of(row.ends_on):
        until = f"，{clock.long_date(row.ends_on)} 24:00 结束" if row.ends_on else ""
        raise WrongState(f"公示期未满{until}。", clause="3.2")


def _require_answered(row: Notice) -> None:
    count = row.objections.filter(outcome=Objection.Outcome.OPEN).count()
    if count:
        raise WrongState(
            f"还有 {count} 条异议没有办结。", remedy="逐条答复后才能结束公示。", clause="3.2"
        )
