"""A filled workbook read back: whole or not at all, every fault with its sheet, row and column."""

import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction

from jiangxin.core.kernel.errors import Invalid, NotFound
from jiangxin.core.policy import Field, Form, Section, parse_section
from jiangxin.core.workflow import Role
from jiangxin.records.documents import actions as documents
from jiangxin.records.documents.gates import TYPES
from jiangxin.records.documents.models import Document
from jiangxin.records.documents.papers import Upload
from jiangxin.records.documents.queries import read
from jiangxin.records.documents.workbooks import (
    Book,
    Fault,
    Faulty,
    cell_text,
    letters,
    open_book,
    sent_book,
)
from jiangxin.records.identity.viewer import Viewer

from . import actions
from .models import Application
from .queries import application, form_of
from .registered import with_locked
from .sealing import seal_answers, unmasked
from .workbook import (
    FORMAT,
    KEY,
    LABEL,
    META,
    VALUE,
    Meta,
    inputs_of,
    meta_of,
    sheet_name,
)

LONGEST_CELL = 32_767  # letters: Excel holds no more


@dataclass
class Read:
    """What stands in one section's sheet, as it would be POSTed, and where each input stands."""

    data: dict[str, list[str]] = field(default_factory=dict)
    places: dict[str, tuple[int, int]] = field(default_factory=dict)


@dataclass(frozen=True)
class Plan:
    """What an import would change: the answers after it, and the inputs of the sections that differ."""

    answers: dict[str, Any]
    sections: dict[str, dict[str, list[str]]]


@dataclass(frozen=True)
class Preview:
    """A workbook that was kept for its preview."""

    document: int
    revision: int
    project: Application
    plan: Plan


@transaction.atomic
def preview(*, viewer: Viewer, application_id: int, upload: Upload) -> Preview:
    """Read a workbook against the form and keep it; the form does not change yet.

    Raises `Invalid` for a file that is not this application's workbook, `Faulty` with every fault by
    sheet, row and column; then nothing is kept.
    """
    project = _editable(viewer, application_id)
    data = sent_book(upload.name, upload.size, upload.content)
    plan = plan_of(project, data)
    document = documents.store(
        name=upload.name,
        size=upload.size,
        content=io.BytesIO(data),
        owner_id=viewer.organisation_id,
    )
    return Preview(document.pk, project.revision, project, plan)


@transaction.atomic
def take(*, viewer: Viewer, application_id: int, document_id: int, revision: int) -> list[str]:
    """Write a previewed workbook into the form; the keys of the sections that changed.

    `revision` is the application's when the preview was shown. Effects: every changed section is
    saved, or none: raises `Overtaken` when a colleague has saved one of them since, and everything
    that `preview` raises.
    """
    project = _editable(viewer, application_id)
    document = Document.objects.filter(
        pk=document_id, owner_id=viewer.organisation_id, media_type=TYPES["xlsx"]
    ).first()
    if document is None:
        raise NotFound("没有这个工作簿。", remedy="请重新上传。")
    plan = plan_of(project, read(document))
    for key, data in plan.sections.items():
        actions.save_section(
            viewer=viewer,
            application_id=project.pk,
            section=key,
            data=data,
            revision=revision,
        )
    return list(plan.sections)


def _editable(viewer: Viewer, application_id: int) -> Application:
    viewer.require(Role.APPLICANT)
    project = application(viewer, application_id)
    actions.require_editable(project)
    return project


def plan_of(project: Application, data: bytes) -> Plan:
    """What the workbook would change. Raises `Invalid` and `Faulty` like `preview`."""
    form = form_of(project)
    book = open_book(data)
    _require_own(project, form, book)
    _require_sheets(form, book)
    faults: list[Fault] = []
    answers = dict(project.answers)
    changed: dict[str, dict[str, list[str]]] = {}
    for section in form.sections:
        name = sheet_name(form, section)
        found = _section(name, section, book, faults)
        given = with_locked(section, found.data, project.unit)
        parsed = parse_section(section, unmasked(section.fields, given, project.answers))
        faults += _errors(name, found, parsed.errors)
        after = seal_answers(section.fields, parsed.answers, project.answers)
        before = {key: value for key, value in project.answers.items() if section.field(key)}
        if after != before:
            answers = {key: value for key, value in answers.items() if not section.field(key)}
            answers |= after
            changed[section.key] = found.data
    if faults:
        raise Faulty(faults, outcome="没有写入任何内容", clause="3.1")
    return Plan(answers, changed)


def _require_own(project: Application, form: Form, book: Book) -> None:
    """Raises `Invalid` unless the workbook was made for this application and this form."""
    found = _meta(book)
    own = {key: str(value) for key, value in vars(meta_of(project, form)).items()}
    remedy = "请在本页重新下载本申报的工作簿，再把内容抄过去。"
    if found.get("format") != FORMAT or set(found) != {"format", *own}:
        raise Invalid("这不是本系统生成的申报工作簿。", remedy=remedy, field="file")
    for key, message in (
        ("unit", f"这是其他单位（{found['unit'][:40]}）的工作簿。"),
        ("track", "这是另一申报类型的工作簿。"),
        ("application", "这是本单位另一份申报的工作簿。"),
        ("stamp", "这是旧版申报表的工作簿：申报表的栏目已经调整。"),
    ):
        if found[key] != own[key]:
            raise Invalid(message, remedy=remedy, field="file")


def _meta(book: Book) -> dict[str, str]:
    if META not in book.names:
        return {}
    rows = book.sheet(META).to_python(skip_empty_area=False)[: len(Meta.__annotations__) + 1]
    return {cell_text(row[0]): cell_text(row[1]) for row in rows if len(row) >= 2}


def _require_sheets(form: Form, book: Book) -> None:
    wanted = [sheet_name(form, section) for section in form.sections]
    missing = [name for name in wanted if name not in book.names]
    if missing:
        raise Invalid(
            f"工作簿缺少工作表：{'、'.join(missing)}。",
            remedy="请不要删除工作表，也不要改它们的名称。",
            field="file",
        )


def _section(name: str, section: Section, book: Book, faults: list[Fault]) -> Read:
    """Read one sheet; what is wrong with its shape goes to `faults`."""
    sheet = book.sheet(name)
    wrong = book.faults(name)
    faults += wrong
    found = Read()
    if wrong:
        return found
    rows = sheet.to_python(skip_empty_area=False)
    fields = {each.key: each for each in section.fields if not each.computed}
    seen: set[str] = set()
    for number, row in enumerate(rows):
        mark = cell_text(row[KEY]) if row else ""
        key, _, index = mark.partition("#")
        if mark in seen and mark:
            faults.append(_moved(name, number, f"有两行都是“{mark}”。"))
        seen.add(mark)
        if index and key in fields and index.isascii() and index.isdigit():
            _table_row(fields[key], int(index), number, row, found)
        elif mark.startswith("table:"):
            faults += _head(name, fields.get(mark.removeprefix("table:")), number, row)
        elif mark in fields:
            _put(found, fields[mark], mark, (number, VALUE), row)
        elif not mark and any(cell_text(cell) for cell in row[VALUE:]):
            faults.append(_moved(name, number, "这一行不属于任何栏目。"))
    wanted = {f"table:{key}" if each.kind == "table" else key for key, each in fields.items()}
    for mark in sorted(wanted - seen):
        label = fields[mark.removeprefix("table:")].label
        faults.append(_moved(name, 0, f"“{label}”一行不见了。"))
    return found


def _moved(name: str, number: int, message: str) -> Fault:
    return Fault(number + 1, "A", message, "请重新下载工作簿，不要增删行列或取消锁定。", name)


def _head(name: str, table: Field | None, number: int, row: list[Any]) -> Iterator[Fault]:
    """Faults of a table's head: its columns must stand as they were made."""
    columns = table.columns if table else ()
    for place, column in enumerate(columns, LABEL):
        text = cell_text(row[place]) if place < len(row) else ""
        if not text.startswith(column.label):
            said = f"列名应为“{column.label}”，现为“{text[:20]}”。"
            yield Fault(number + 1, letters(place), said, "请不要移动或改名。", name)


def _table_row(table: Field, index: int, number: int, row: list[Any], found: Read) -> None:
    for place, column in enumerate(table.columns, LABEL):
        _put(found, column, f"{table.key}-{index}-{column.key}", (number, place), row)


def _put(found: Read, asked: Field, name: str, place: tuple[int, int], row: list[Any]) -> None:
    found.places[name] = place
    text = cell_text(row[place[1]])[:LONGEST_CELL] if place[1] < len(row) else ""
    inputs = inputs_of(asked, text)
    if inputs:
        found.data[name] = inputs


def _errors(name: str, found: Read, errors: Mapping[str, str]) -> Iterator[Fault]:
    """What the form's own reading refuses, with the cell in which it stands."""
    for key, message in errors.items():
        number, place = found.places.get(key, (0, KEY))
        yield Fault(number + 1, letters(place), message, "", name)
