"""A unit claims class and tier; the province checks; both ministries agree and fix it (N52)."""

from collections.abc import Mapping
from typing import IO

from django.db import IntegrityError, transaction

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.canonical import digest as digest_of
from jiangxin.core.kernel.errors import Invalid, NotFound, WrongState
from jiangxin.core.workflow import MINISTRIES, ClaimState, Role, TitleState
from jiangxin.records.concurrence import actions as concurrence
from jiangxin.records.concurrence.queries import both_agree, marks
from jiangxin.records.documents import actions as documents
from jiangxin.records.identity.viewer import Viewer
from jiangxin.records.inbox.actions import tell_office, tell_unit
from jiangxin.records.ledger.actions import append, move
from jiangxin.stages.titles.models import Title
from jiangxin.stages.titles.queries import in_scope

from ..models import Claim, ClaimFile
from ..queries.claims import VERIFY
from ..rules import LONGEST, band_text, is_outside, sound_text
from ..tiers import tiers

EDITABLE = (ClaimState.DRAFT, ClaimState.RETURNED)
MOST_FILES = 30


@transaction.atomic
def save_claim(
    *, viewer: Viewer, title_id: int, category: str = "", grade: str = "", reason: str = ""
) -> Claim:
    """Keep what the unit has typed so far; the first call begins the claim.

    Effects: the row. Raises `NotFound` for a title that is not the unit's, `WrongState` for one
    that this programme has not registered or that is gone, and once the claim is submitted,
    `Invalid` for a class or a tier that the policy does not have (an empty one is no error yet).
    """
    viewer.require(Role.APPLICANT)
    title = _own_title(viewer, title_id)
    row = Claim.objects.select_for_update().filter(title=title).first() or Claim(title=title)
    _require_editable(row)
    known = tiers(title.kind)
    if category and category not in known.categories:
        raise Invalid("没有这一类。", clause="4.4", field="category")
    if grade and grade not in known.grades:
        raise Invalid("没有这一档。", clause="4.4", field="grade")
    reason = reason.replace("\0", "").strip()
    if len(reason) > LONGEST:
        raise Invalid(f"申报理由最多 {LONGEST} 字。", field="reason")
    row.category, row.grade, row.reason = category, grade, reason
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError:
        raise WrongState("本单位的同事刚刚开始了这项申报。", remedy="请刷新页面。") from None
    return row


@transaction.atomic
def attach(*, viewer: Viewer, claim_id: int, name: str, size: int, content: IO[bytes]) -> ClaimFile:
    """Add a file to the claim; the same bytes twice are one. Raises `Invalid` for a refused file."""
    row = _own_claim(viewer, claim_id)
    if row.files.count() >= MOST_FILES:
        raise Invalid(f"最多上传 {MOST_FILES} 个文件。", remedy="请合并后上传。", field="file")
    document = documents.store(
        name=name, size=size, content=content, owner_id=viewer.organisation_id
    )
    same = row.files.filter(document__sha256=document.sha256).first()
    if same is not None:
        document.delete()
        return same
    return ClaimFile.objects.create(claim=row, document=document)


@transaction.atomic
def detach(*, viewer: Viewer, claim_id: int, file_id: int) -> None:
    """Take a file off the claim again, as long as it is not submitted."""
    _own_claim(viewer, claim_id).files.filter(pk=file_id).delete()


@transaction.atomic
def submit_claim(*, viewer: Viewer, claim_id: int) -> Claim:
    """Submit the claim, or submit it again after a return.

    Effects: state claimed, time and digest of what was submitted; event `claim.submitted` or
    `claim.resubmitted`; the province's HR department is told. Raises `Invalid` without class, tier,
    reason or evidence (4.4).
    """
    row = _own_claim(viewer, claim_id)
    if not row.category or not row.grade:
        field = "grade" if row.category else "category"
        raise Invalid("请选择类和档。", clause="4.4", field=field)
    sound_text(row.reason, "申报理由", "reason")
    files = list(row.files.values_list("document__sha256", flat=True))
    row.submitted_at = clock.now()
    row.submitted = digest_of(
        {"category": row.category, "grade": row.grade, "reason": row.reason, "files": files}
    )
    again = row.state == ClaimState.RETURNED
    move(
        row,
        step="resubmit" if again else "submit",
        by=viewer,
        guards={"evidence_given": lambda: _require_evidence(row)},
        payload={"title": row.title.subject, **_tier(row), "digest": row.submitted},
        also=("submitted_at", "submitted"),
    )
    tell_office(
        role=Role.PROVINCE_HR,
        province=row.title.province,
        title=f"“{row.title.name}”{'重新' if again else ''}申报了类档，请核定",
        about=row.subject,
    )
    return row


@transaction.atomic
def check_claim(*, viewer: Viewer, claim_id: int, opinion: str = "") -> Claim:
    """The province has checked the claim and sends it to the ministries as it was claimed.

    Effects: state checked, opinion, class, tier and default amount laid before the ministries;
    event `claim.checked`. Raises `WrongState` in another state or when the title is gone.
    """
    viewer.require(Role.PROVINCE_HR)
    row = _locked(viewer, claim_id)
    _require_standing(row.title)
    opinion = opinion.replace("\0", "").strip()
    if len(opinion) > LONGEST:
        raise Invalid(f"核定意见最多 {LONGEST} 字。", field="opinion")
    row.opinion, row.checked_at = opinion, clock.now()
    row.fixed_category, row.fixed_grade, row.fixed_reason = row.category, row.grade, ""
    row.amount = _default_amount(row.title.kind, row.grade)
    move(
        row,
        step="check",
        by=viewer,
        guards={"evidence_given": lambda: _require_evidence(row)},
        payload={"title": row.title.subject, "digest": row.digest()},
        also=(
            "opinion",
            "checked_at",
            "fixed_category",
            "fixed_grade",
            "fixed_reason",
            "amount",
        ),
    )
    return row


@transaction.atomic
def return_claim(*, viewer: Viewer, claim_id: int, reason: str) -> Claim:
    """The province (what was submitted) or a ministry (what was checked) sends it back to the unit.

    Effects: state returned with the reason, concurrences voided, nothing left to be fixed; event
    `claim.returned` or `claim.sent_back`; the unit is told. Raises `Invalid` without a reason.
    """
    viewer.require(Role.PROVINCE_HR, *MINISTRIES)
    row = _locked(viewer, claim_id)
    row.opinion = sound_text(reason, "退回理由", "reason")
    row.fixed_category = row.fixed_grade = row.fixed_reason = ""
    row.amount = None
    move(
        row,
        step="send_back" if viewer.role in MINISTRIES else "return",
        by=viewer,
        guards={"reasons_given": lambda: None},  # read just above
        payload={"title": row.title.subject, "reason": digest_of(row.opinion)},
        also=("opinion", "fixed_category", "fixed_grade", "fixed_reason", "amount"),
    )
    concurrence.void(subject=row.subject, reason="类档申报已退回", by=viewer)
    tell_unit(
        uscc=row.title.uscc,
        title=f"“{row.title.name}”的类档申报被退回",
        text=row.opinion,
        about=row.subject,
    )
    return row


@transaction.atomic
def adjust_claim(
    *,
    viewer: Viewer,
    claim_id: int,
    category: str,
    grade: str,
    amount: int | None = None,
    reason: str = "",
) -> Claim:
    """A ministry lays another class, tier or amount before both; None is the tier's own amount.

    Effects: the row; given concurrences voided; event `claim.adjusted`. Raises `Invalid` for an
    unknown class or tier, for one other than claimed or an amount other than the tier's without a
    reason, and for an amount outside the band (4.4): beyond it only a plan can go, with its reason.
    """
    viewer.require(*MINISTRIES)
    row = _locked(viewer, claim_id)
    _require_state(row, ClaimState.CHECKED, "调整")
    title, known = row.title, tiers(row.title.kind)
    if category not in known.categories:
        raise Invalid("请选择类。", clause="4.4", field="category")
    if grade not in known.grades:
        raise Invalid("请选择档。", clause="4.4", field="grade")
    usual = _default_amount(title.kind, grade)
    amount = usual if amount is None else amount
    if is_outside(title.kind, title.year, amount):
        raise Invalid(
            f"补助标准应在 {band_text(title.kind, title.year)}之内。",
            remedy="确需超出的，在资金分配方案中写明理由，由两部共同批准。",
            clause="4.4",
            field="amount",
        )
    if (category, grade, amount) != (row.category, row.grade, usual) or reason.strip():
        reason = sound_text(reason, "调整理由", "reason")
    before = row.digest()
    row.fixed_category, row.fixed_grade = category, grade
    row.amount, row.fixed_reason = amount, reason.strip()
    row.save(update_fields=["fixed_category", "fixed_grade", "amount", "fixed_reason"])
    if row.digest() != before:
        concurrence.void(subject=row.subject, reason="类档已调整", by=viewer)
        append(
            type="claim.adjusted",
            subject=row.subject,
            by=viewer,
            payload={"digest": row.digest(), "amount": amount},
        )
    return row


@transaction.atomic
def concur_claim(
    *, viewer: Viewer, claim_id: int, digest: str, agreed: bool, remark: str = ""
) -> Claim:
    """A ministry agrees, or not, to class, tier and amount as they stand; the second one fixes them.

    Effects: the concurrence; when both agree: state verified, event `claim.verified`, the unit is
    told. Raises `WrongState` when the content has changed since the page was read.
    """
    viewer.require(*MINISTRIES)
    row = _locked(viewer, claim_id)
    _require_state(row, ClaimState.CHECKED, "会商")
    if digest != row.digest():
        raise WrongState(f"“{row.title.name}”的类档刚刚改动。", remedy="请刷新页面，核对后再表态。")
    if agreed:
        _require_standing(row.title)
    concurrence.give(
        viewer=viewer,
        act=VERIFY,
        subject=row.subject,
        digest=digest,
        agreed=agreed,
        remark=remark,
    )
    if both_agree(marks(act=VERIFY, subject=row.subject, digest=digest)):
        _verify(viewer, row)
    return row


@transaction.atomic
def concur_claims(*, viewer: Viewer, digests: Mapping[int, str]) -> list[Claim]:
    """Agree to several claims (id → digest as it was read), to all of them or to none."""
    return [
        concur_claim(viewer=viewer, claim_id=each, digest=digest, agreed=True)
        for each, digest in sorted(digests.items())
    ]


def _verify(viewer: Viewer, row: Claim) -> None:
    row.verified_at = clock.now()
    move(
        row,
        step="verify",
        by=viewer,
        guards={
            "both_agree": lambda: concurrence.require(
                act=VERIFY, subject=row.subject, digest=row.digest(), clause="4.4"
            )
        },
        payload={
            "title": row.title.subject,
            "category": row.fixed_category,
            "grade": row.fixed_grade,
            "amount": row.amount,
            "digest": row.digest(),
        },
        also=("verified_at",),
    )
    tell_unit(
        uscc=row.title.uscc,
        title=f"两部已确定“{row.title.name}”的类档",
        text=f"确定为{tiers(row.title.kind).label(row.fixed_category, row.fixed_grade)}。",
        about=row.subject,
    )


def _tier(row: Claim) -> dict[str, str]:
    return {"category": row.category, "grade": row.grade}


def _default_amount(kind: str, grade: str) -> int:
    return tiers(kind).grades[grade].amount


def _own_title(viewer: Viewer, title_id: int) -> Title:
    """The unit's own title, locked: what two first saves at once wait on."""
    rows = Title.objects.select_for_update().filter(in_scope(viewer, ""))
    title = rows.filter(pk=title_id).first()
    if title is None:
        raise NotFound("没有这个称号。", remedy="它可能不属于本单位。")
    if not title.origin.startswith("project:"):
        raise WrongState(
            "只有两部备案登记的项目可以申报类档。",
            remedy="2011—2020年确定的项目，考核通过后可按已建项目申报。",
            clause="4.4",
        )
    _require_standing(title)
    return title


def _own_claim(viewer: Viewer, claim_id: int) -> Claim:
    viewer.require(Role.APPLICANT)
    row = _locked(viewer, claim_id)
    _require_editable(row)
    _require_standing(row.title)
    return row


def _locked(viewer: Viewer, claim_id: int) -> Claim:
    rows = Claim.objects.select_for_update(of=("self",)).select_related("title")
    row = rows.filter(in_scope(viewer), pk=claim_id).first()
    if row is None or (row.state == ClaimState.DRAFT and viewer.role is not Role.APPLICANT):
        raise NotFound("没有这份类档申报。", remedy="它可能不在您的查看范围内。")
    return row


def _require_editable(row: Claim) -> None:
    if row.state not in EDITABLE:
        raise WrongState(
            f"类档申报{ClaimState(row.state).label}，不能再改。",
            remedy="确需更正的，请联系省级人社部门退回。",
            clause="4.4",
        )


def _require_state(row: Claim, state: ClaimState, verb: str) -> None:
    if row.state != state:
        raise WrongState(
            f"“{row.title.name}”的类档申报当前为“{ClaimState(row.state).label}”，不能{verb}。",
            remedy="页面可能已过时，请刷新后再看。",
            clause="4.4",
        )


def _require_standing(title: Title) -> None:
    if title.state != TitleState.TITLED:
        raise WrongState(f"称号{TitleState(title.state).label}，不能再享受补助。", clause="4.4")


def _require_evidence(row: Claim) -> None:
    if not row.files.exists():
        raise Invalid("请至少上传一份证明材料。", clause="4.4", field="file")
