"""The application form on paper: what the screen shows, with cover, attachment index and version code.

The version code is the head of the digest that the ledger records at submission; a draft has the one
that its submission would get. The same content always has the same code, on screen and on paper.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.conf import settings

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.canonical import digest
from jiangxin.core.kernel.errors import NotFound
from jiangxin.core.kernel.regions import province_name
from jiangxin.core.policy.printed import Part, printed
from jiangxin.records.documents import qr
from jiangxin.stages.programme.tracks import Track

from .models import Application, Version
from .queries import form_of
from .sealing import shown_answers

TITLES = {
    "base": "国家级高技能人才培训基地建设项目申报表",
    "studio": "国家级技能大师工作室建设项目申报表",
}
NUMERALS = "一二三四五六七八九十"
TENS = (*NUMERALS, *(f"十{each}" for each in NUMERALS[:-1]), "二十")
CODE_LETTERS = 16  # of the digest: 64 bits
CODE = re.compile(
    r"(?<![0-9A-F])([0-9A-F]{4})[-‐–—− ]?([0-9A-F]{4})[-‐–—− ]?([0-9A-F]{4})[-‐–—− ]?([0-9A-F]{4})(?![0-9A-F])"
)
LOOKALIKES = str.maketrans("OIL", "011")


@dataclass(frozen=True, kw_only=True)
class Content:
    """What is printed: a submitted version, or with number 0 the draft as it stands."""

    number: int
    answers: Mapping[str, Any]
    evidence: Sequence[Mapping[str, Any]]
    digest: str
    at: datetime | None

    @property
    def code(self) -> str:
        """The version code as people read it."""
        return code_of(self.digest)


def code_of(seal: str) -> str:
    """The version code of a digest: its first 16 letters in fours."""
    head = seal[:CODE_LETTERS].upper()
    return "-".join(head[n : n + 4] for n in range(0, CODE_LETTERS, 4))


def read_code(text: str) -> str:
    """The version code in what was typed, however its letters stand; "" when there is none."""
    upper = unicodedata.normalize("NFKC", text).upper().translate(LOOKALIKES)
    found = CODE.search(upper)
    return "-".join(found.groups()) if found else ""


def codes_in(text: str) -> list[str]:
    """Every version code that a printed page names after its word, in order, each once."""
    marked = re.findall(r"版本码\s*([0-9A-Fa-f\s-]{16,30})", unicodedata.normalize("NFKC", text))
    found = [read_code("".join(each.split())) for each in marked]
    return list(dict.fromkeys(each for each in found if each))


def content_digest(project: Application, evidence: Sequence[Mapping[str, Any]]) -> str:
    """What a submission of the application as it stands is bound to."""
    return digest({"answers": project.answers, "evidence": evidence, "track": project.track})


def frozen_evidence(project: Application) -> list[dict[str, Any]]:
    """The files as a version keeps them: by field, with their hash."""
    return [
        {
            "field": row.field,
            "document": row.document_id,
            "name": row.document.name,
            "sha256": row.document.sha256,
            "size": row.document.size,
        }
        for row in project.evidence.select_related("document").order_by("field", "id")
    ]


def draft(project: Application) -> Content:
    """The application as it stands now."""
    held = frozen_evidence(project)
    seal = content_digest(project, held)
    return Content(number=0, answers=project.answers, evidence=held, digest=seal, at=None)


def content_of(version: Version) -> Content:
    """A submitted version."""
    return Content(
        number=version.number,
        answers=version.answers,
        evidence=version.evidence,
        digest=version.digest,
        at=version.at,
    )


def content(project: Application, number: int) -> Content:
    """Version `number` of an application; 0 is the draft. Raises `NotFound`."""
    if number == 0:
        return draft(project)
    version = project.versions.filter(number=number).first()
    if version is None:
        raise NotFound("没有这个版本。")
    return content_of(version)


@dataclass(frozen=True, kw_only=True)
class Received:
    """What anybody who holds a paper may know of its version."""

    number: str
    version: int
    newest: bool
    at: datetime
    leaf: str


def looked_up(code: str) -> Received | None:
    """The submitted version with that code; None when there is none. One query."""
    head = code.replace("-", "").lower()
    found = (
        Version.objects.select_related("application", "event")
        .filter(digest__startswith=head)
        .order_by("id")
        .first()
    )
    if found is None:
        return None
    return Received(
        number=found.application.number,
        version=found.number,
        newest=found.number == found.application.version,
        at=found.at,
        leaf=found.event.leaf,
    )


def payload_of(project: Application, found: Content) -> str:
    """What the QR code says: where and by which code a submitted version is looked up."""
    told = f"{project.number or 'DRAFT'}/{found.number}/{found.code}"
    base = settings.PUBLIC_URL
    return f"{base}/verify/paper/?code={told}" if base else f"JIANGXIN/{told}"


def cover_of(project: Application, found: Content) -> list[list[str]]:
    """The lines of the cover: label and text."""
    return [
        ["项目名称", project.title],
        ["项目类型", Track(project.track).label],
        ["申报单位", project.unit_name],
        ["所在省份", province_name(project.province)],
        ["申报编号", project.number or "提交后生成"],
        ["版本", f"第 {found.number} 版" if found.number else "尚未提交的草稿"],
        ["版本码", found.code],
        ["提交时间", clock.long_moment(found.at) if found.at else "尚未提交"],
    ]


def heading(number: int, title: str) -> str:
    """The title of part `number`, counted from 0: 一、…"""
    return f"{TENS[number] if number < len(TENS) else number + 1}、{title}"


def index_of(project: Application, found: Content) -> list[list[str]]:
    """The attachments in order: number, field, file, hash."""
    labels = {field.key: field.label for _, field in form_of(project).fields()}
    return [
        [str(n), labels.get(each["field"], each["field"]), each["name"], each["sha256"][:16]]
        for n, each in enumerate(found.evidence, start=1)
    ]


def form_data(project: Application, found: Content) -> dict[str, Any]:
    """The form for `form.typ` and `word_form`; personal numbers masked."""
    parts = printed(form_of(project), shown_answers(found.answers))
    which = f"编号 {project.number}　第 {found.number} 版" if found.number else "草稿，尚未提交"
    dated = (found.at or clock.now()).astimezone(clock.BEIJING)
    payload = payload_of(project, found)
    return {
        "title": TITLES[project.kind],
        "notice": "" if found.number else "（草稿，尚未提交）",
        "mark": f"{which}　版本码 {found.code}",
        "payload": payload,
        "qr": qr.svg(payload),
        "cover": cover_of(project, found),
        "printed": _month(dated),
        "sections": [
            {"title": heading(n, part.section.title), "items": _items(part)}
            for n, part in enumerate(parts)
        ],
        "index_title": heading(len(parts), "佐证材料目录"),
        "evidence": index_of(project, found),
        "remark": "说明：表中的公民身份号码以掩码显示；完整号码由系统加密保存，不随备案材料报送。"
        "每页的版本码和二维码与系统中的版本一一对应，内容有任何改动，版本码随之不同。",
        "seal": ["申报单位（盖章）：", "法定代表人（签字）：", "　　　　年　　月　　日"],
    }


def _month(day: date) -> str:
    return f"{day.year}年{day.month}月"


def _items(part: Part) -> list[dict[str, Any]]:
    """The entries of one section: each table by itself, what stands between them in pairs."""
    items: list[dict[str, Any]] = []
    for entry in part.entries:
        if entry.field.kind == "table":
            rows = [[cell or "—" for cell in row] for row in entry.rows]
            items.append({"label": entry.field.label, "columns": list(entry.heads), "rows": rows})
            continue
        if not items or "pairs" not in items[-1]:
            items.append({"pairs": []})
        items[-1]["pairs"].append([entry.field.label, entry.text or "—"])
    return items
