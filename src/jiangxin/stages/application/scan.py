"""The sealed paper copy: uploaded as a scan, and bound to the version whose code it shows (N29)."""

from dataclasses import dataclass

from django.db import transaction
from django.db.models import OuterRef, Subquery

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import Invalid, WrongState
from jiangxin.core.workflow import ProjectState, Role
from jiangxin.records.documents import actions as documents
from jiangxin.records.documents.papers import Upload
from jiangxin.records.documents.queries import read
from jiangxin.records.documents.scanning import Sheet, sheets
from jiangxin.records.identity.viewer import Viewer
from jiangxin.records.ledger.actions import append
from jiangxin.stages.programme.queries import own_parameter

from . import paper
from .models import Application, Scan, Version
from .queries import locked

P = ProjectState
EDITABLE = (P.DRAFT, P.RETURNED)
OVER = (P.WITHDRAWN, P.NOT_RECOMMENDED, P.REJECTED, P.NOT_SELECTED)
SCANS = ("application/pdf", "image/jpeg", "image/png")


@dataclass(frozen=True)
class Verdict:
    """How the newest sealed copy stands to the newest version: `word` is matches, older or missing."""

    word: str
    label: str
    scan: Scan | None = None


VERDICTS = {
    "matches": "盖章件与本版一致",
    "older": "盖章件是以前的版本",
    "missing": "尚未上传盖章件",
}


def wanted_before(project: Application) -> bool:
    """Whether the province wants the sealed copy before it takes the submission."""
    return bool(own_parameter("form.sealed_copy", project.call) == "before")


def verdict(project: Application) -> Verdict:
    """What an examiner is told of the paper copy of the newest version; one query."""
    newest = Version.objects.filter(application=OuterRef("application")).order_by("-number")
    rows = list(
        project.scans.select_related("document")
        .annotate(newest=Subquery(newest.values("digest")[:1]))
        .order_by("-id")
    )
    same = next((row for row in rows if row.newest and row.code == paper.code_of(row.newest)), None)
    found = same or (rows[0] if rows else None)
    word = "matches" if same else "older" if found else "missing"
    return Verdict(word, VERDICTS[word], found)


def scan_of(project: Application, code: str) -> Scan | None:
    """The newest sealed copy with that version code."""
    return project.scans.select_related("document").filter(code=code).order_by("-id").first()


def require_scan(project: Application) -> None:
    """Raises `Invalid` where the province wants the sealed copy first and it is not this content's."""
    if not wanted_before(project):
        return
    code = paper.draft(project).code
    if scan_of(project, code) is None:
        raise Invalid(
            "本省要求先上传盖章的申报表，再提交。",
            remedy=f"请打印、盖章后上传扫描件；现在内容的版本码是 {code}。",
            clause="3.1",
            field="scan",
        )


@transaction.atomic
def add_scan(*, viewer: Viewer, application_id: int, upload: Upload, typed: str = "") -> Scan:
    """Keep the scan of the sealed copy.

    The version code is read from the file where it can be, else it is the one that was `typed`; it
    must be that of the newest version, or of the draft where the form may still be changed. Effects:
    the file; the row; event `project.scan_added`. Raises `Invalid` for a refused file, a file whose
    pages show different versions, a missing or another code; says which version the paper shows.
    """
    project = _alive(viewer, application_id)
    document = documents.store(
        name=upload.name, size=upload.size, content=upload.content, owner_id=viewer.organisation_id
    )
    if document.media_type not in SCANS:
        raise Invalid("请上传 PDF、JPG 或 PNG 扫描件。", field="file")
    shown = code_shown(sheets(document.media_type, read(document)))
    code = _agreed(shown, typed)
    version = _version_of(project, code)
    row = Scan.objects.create(
        application=project,
        document=document,
        code=code,
        how="read" if shown else "typed",
        at=clock.now(),
    )
    append(
        type="project.scan_added",
        subject=project.subject,
        by=viewer,
        payload={"version": version, "code": code, "how": row.how, "sha256": document.sha256},
    )
    return row


def _alive(viewer: Viewer, application_id: int) -> Application:
    """The viewer's own application, locked. Raises `NotFound`, or `WrongState` when none is wanted."""
    viewer.require(Role.APPLICANT)
    project = locked(viewer, application_id)
    if project.state in OVER or (project.state == P.DRAFT and not wanted_before(project)):
        raise WrongState(
            f"当前状态为“{P(project.state).label}”，不用上传盖章件。",
            remedy="提交以后再打印、盖章、上传。" if project.state == P.DRAFT else "",
            clause="3.1",
        )
    return project


def code_shown(pages: list[Sheet]) -> str:
    """The version code that the pages show; "" when none could be read.

    Raises `Invalid` when two pages show different ones.
    """
    first, on = "", 0
    for page in pages:
        codes = paper.codes_in(page.text) + [
            paper.read_code(each.rpartition("/")[2]) for each in page.codes
        ]
        for code in filter(None, codes):
            if first and code != first:
                raise Invalid(
                    f"第 {on} 页的版本码是 {first}，第 {page.number} 页是 {code}。",
                    remedy="不同版本的纸张混在了一起；请把同一版的各页扫描成一个文件。",
                    clause="3.1",
                    field="file",
                )
            if not first:
                first, on = code, page.number
    return first


def _agreed(shown: str, typed: str) -> str:
    """The code to go by. Raises `Invalid` when there is none, or what was typed is another."""
    given = paper.read_code(typed)
    if typed.strip() and not given:
        raise Invalid(
            f"“{typed.strip()[:40]}”不是版本码。",
            remedy="版本码共 16 位，印在每页页脚，例如 3F2A-90BC-11D4-7E05。",
            field="code",
        )
    if shown and given and shown != given:
        raise Invalid(
            f"文件上的版本码是 {shown}，您填写的是 {given}。",
            remedy="请核对是否选错了文件；以文件上的为准时，版本码一栏可以留空。",
            field="code",
        )
    if not (shown or given):
        raise Invalid(
            "没有从文件中读出版本码。",
            remedy="请填写印在每页页脚的版本码；扫描时不要裁掉页眉页脚。",
            field="code",
        )
    return shown or given


def _version_of(project: Application, code: str) -> int:
    """The number of the version with that code, 0 for the draft. Raises `Invalid` for another."""
    now = project.versions.order_by("-number").first()
    if now is not None and paper.code_of(now.digest) == code:
        return now.number
    if project.state in EDITABLE and paper.draft(project).code == code:
        return 0
    wanted = paper.code_of(now.digest) if now else paper.draft(project).code
    which = f"第 {now.number} 版，版本码 {wanted}" if now else f"版本码 {wanted}"
    raise Invalid(
        f"盖章件上的版本码是 {code}：{_named(project, code)}",
        remedy=f"现在需要的是{which}；请重新打印、盖章后上传。",
        clause="3.1",
        field="file",
    )


def _named(project: Application, code: str) -> str:
    """Which of the unit's own papers this is."""
    head = code.replace("-", "").lower()
    rows = Version.objects.filter(application__unit_id=project.unit_id, digest__startswith=head)
    other = rows.select_related("application").first()
    if other is None:
        return "与本单位提交过的任何一版都不相符，可能是修改以前打印的草稿，或抄录有误。"
    at = clock.long_moment(other.at)
    if other.application_id == project.pk:
        return f"这是第 {other.number} 版（{at}提交），此后内容已经修改。"
    return f"这是本单位另一份申报“{other.application.title}”第 {other.number} 版（{at}提交）。"
