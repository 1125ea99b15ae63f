"""Propose good experience, let HR approve it, publish it."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import Invalid, NotFound, WrongState
from jiangxin.core.workflow import ExperienceState, Role, TitleState
from jiangxin.records.documents.papers import Upload, keep
from jiangxin.records.identity.viewer import Viewer
from jiangxin.records.inbox.actions import tell_office, tell_unit
from jiangxin.records.ledger.actions import append, move
from jiangxin.stages.programme.queries import pack
from jiangxin.stages.publicity.privacy import refuse_leaks
from jiangxin.stages.titles.models import Title
from jiangxin.stages.titles.queries import in_scope

from .models import Experience

REASON = 1000
TEXTS = {"headline": ("标题", 100), "summary": ("摘要", 300), "text": ("正文", 10_000)}


@dataclass(frozen=True)
class Story:
    """What a person wrote."""

    headline: str
    summary: str
    text: str
    function: str


@transaction.atomic
def propose(
    *, viewer: Viewer, title_id: int, story: Story, uploads: Sequence[Upload] = ()
) -> Experience:
    """The unit, or HR, proposes a case of good experience.

    Effects: the row; event `experience.proposed`; a message to HR when the unit proposes. Raises
    `WrongState` for a title that does not stand, `Invalid` for a text that is missing or too long,
    and for none of the five functions.
    """
    viewer.require(Role.APPLICANT, Role.PROVINCE_HR)
    title = Title.objects.filter(in_scope(viewer, ""), pk=title_id).first()
    if title is None:
        raise NotFound("没有这个称号。", remedy="它可能属于其他单位或其他省份。")
    _require_standing(title)
    row = Experience.objects.create(
        title=title,
        **_read(story),
        papers=keep(uploads, owner_id=viewer.organisation_id),
        by_unit=viewer.role is Role.APPLICANT,
        proposed_by=viewer.name,
        proposed_at=clock.now(),
    )
    append(
        type="experience.proposed",
        subject=row.subject,
        by=viewer,
        payload={"title": title.subject, "digest": row.digest()},
    )
    if row.by_unit:
        tell_office(
            role=Role.PROVINCE_HR,
            province=title.province,
            title="单位推荐了经验案例，等待审核",
            text=row.headline,
            about=row.subject,
            key=f"{row.subject}:proposed",
        )
    return row


@transaction.atomic
def revise(
    *,
    viewer: Viewer,
    experience_id: int,
    story: Story,
    uploads: Sequence[Upload] = (),
) -> Experience:
    """Change a case before it is approved: its unit, or HR, for example to take a number out of it.

    Effects: the row; event `experience.revised` when the text changed. Raises `WrongState` later.
    """
    viewer.require(Role.APPLICANT, Role.PROVINCE_HR)
    row = _locked(viewer, experience_id)
    if row.state != ExperienceState.PROPOSED:
        raise WrongState(
            f"当前状态为“{ExperienceState(row.state).label}”，不能再改。",
            remedy="需要改动的，请另行推荐。",
            clause="4.1",
        )
    before = row.digest()
    for name, value in _read(story).items():
        setattr(row, name, value)
    row.papers = keep(uploads, owner_id=viewer.organisation_id, before=row.papers)
    row.save()
    if row.digest() != before:
        append(
            type="experience.revised",
            subject=row.subject,
            by=viewer,
            payload={"digest": row.digest()},
        )
    return row


@transaction.atomic
def approve(*, viewer: Viewer, experience_id: int) -> Experience:
    """HR approves a case; from here on its text is fixed.

    Effects: state approved, event `experience.approved`. Raises `Invalid` naming personal data,
    `WrongState` when the title no longer stands.
    """
    row = _locked(viewer, experience_id)
    row.approved_at = clock.now()
    move(
        row,
        step="approve",
        by=viewer,
        guards={
            "title_stands": lambda: _require_standing(row.title),
            "no_personal_data": lambda: _require_clean(row),
        },
        payload={"digest": row.digest()},
        also=("approved_at",),
    )
    return row


@transaction.atomic
def publish(*, viewer: Viewer, experience_id: int) -> Experience:
    """Publish an approved case. Effects: state published, event `experience.published`; a message
    to the unit. Raises `WrongState` when the title no longer stands."""
    row = _locked(viewer, experience_id)
    row.published_at = clock.now()
    move(
        row,
        step="publish",
        by=viewer,
        guards={"title_stands": lambda: _require_standing(row.title)},
        payload={"digest": row.digest()},
        also=("published_at",),
    )
    _tell(row, "经验案例已发布", row.headline)
    return row


@transaction.atomic
def decline(*, viewer: Viewer, experience_id: int, reason: str) -> Experience:
    """HR does not take the case. Effects: state declined with the reason, event
    `experience.declined`; a message to the unit. Raises `Invalid` without a reason."""
    row = _locked(viewer, experience_id)
    row.answer = reason.replace("\0", "").strip()

    def reasons_given() -> None:
        if not 0 < len(row.answer) <= REASON:
            raise Invalid(f"请写明不予采用的理由，最多 {REASON} 字。", field="reason")

    move(
        row,
        step="decline",
        by=viewer,
        guards={"reasons_given": reasons_given},
        payload={"digest": row.digest()},
        also=("answer",),
    )
    _tell(row, "经验案例未采用", row.answer)
    return row


def _read(story: Story) -> dict[str, str]:
    found = {}
    for name, (label, longest) in TEXTS.items():
        value = getattr(story, name).replace("\0", "").strip()
        if not value:
            raise Invalid(f"请填写{label}。", field=name)
        if len(value) > longest:
            raise Invalid(f"{label}最多 {longest} 字，现有 {len(value)} 字。", field=name)
        found[name] = value
    if story.function not in pack().choices["functions"]:
        raise Invalid("请选择五类功能之一。", clause="1", field="function")
    return found | {"function": story.function}


def _require_clean(row: Experience) -> None:
    texts = {label: getattr(row, name) for name, (label, _) in TEXTS.items()}
    names = {"项目名称": row.title.name, "单位名称": row.title.unit_name}
    refuse_leaks(
        texts | names,
        remedy="案例要向社会公布，请删去身份证号、手机号、账号等内容。",
        clause="4.1",
    )


def _require_standing(title: Title) -> None:
    if title.state != TitleState.TITLED:
        raise WrongState(
            f"“{title.name}”的称号{TitleState(title.state).label}，不作经验推广。", clause="4.1"
        )


def _tell(row: Experience, title: str, text: str) -> None:
    tell_unit(
        uscc=row.title.uscc,
        title=title,
        text=text,
        about=row.subject,
        key=f"{row.subject}:{row.state}",
    )


def _locked(viewer: Viewer, experience_id: int) -> Experience:
    rows = Experience.objects.select_for_update(of=("self",)).select_related("title")
    found = rows.filter(in_scope(viewer), pk=experience_id).first()
    if found is None:
        raise NotFound("没有这个经验案例。", remedy="它可能不在您的查看范围内。")
    return found
