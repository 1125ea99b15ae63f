"""An application form as a Word document: the same data as `form.typ`, read by the same people.

Cover, contents that Word fills with page numbers, one part a section, index of attachments; the
version code stands on every page in words and as a QR code.
"""

import io
from datetime import UTC, datetime
from typing import Any

import docx as library
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_BREAK
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt

from . import qr
from .word import BODY, HEADING, TITLE, lay_page, paragraph, run, table

CENTER = WD_ALIGN_PARAGRAPH.CENTER
LEFT = WD_ALIGN_PARAGRAPH.LEFT


def docx(data: dict[str, Any], *, at: datetime) -> bytes:
    """The Word file of `paper.form_data`; `at` is the moment that the file names as its creation."""
    made = library.Document()
    lay_page(made)
    _marks(made, data)
    _cover(made, data)
    _contents(made, [*(each["title"] for each in data["sections"]), data["index_title"]])
    for section in data["sections"]:
        paragraph(made, section["title"], HEADING, level=1)
        for item in section["items"]:
            _item(made, item)
    paragraph(made, data["index_title"], HEADING, level=1)
    columns = ["序号", "对应栏目", "文件", "SHA-256（前 16 位）"]
    if data["evidence"]:
        table(made, {"columns": columns, "widths": [12, 40, 64, 40], "rows": data["evidence"]})
    else:
        paragraph(made, "（无）", BODY, 12)
    paragraph(made, data["remark"], BODY, 10.5)
    for line in data["seal"]:
        paragraph(made, line, BODY, 14, align=LEFT).paragraph_format.keep_with_next = True
    properties = made.core_properties
    properties.title = data["title"]
    properties.author = properties.comments = ""
    properties.created = properties.modified = at.astimezone(UTC).replace(tzinfo=None)
    buffer = io.BytesIO()
    made.save(buffer)
    return buffer.getvalue()


def _marks(made: Any, data: dict[str, Any]) -> None:
    """Version code and QR code at the head of every page, odd and even."""
    picture = qr.png(data["payload"])
    section = made.sections[0]
    section.header_distance = Mm(8)
    for header in (section.header, section.even_page_header):
        line = header.paragraphs[0]
        line.alignment = WD_ALIGN_PARAGRAPH.RIGHT
        run(line, f"{data['mark']}　", BODY, 8)
        line.add_run().add_picture(io.BytesIO(picture), width=Mm(20))


def _cover(made: Any, data: dict[str, Any]) -> None:
    paragraph(made, data["title"], TITLE, 22, align=CENTER, after=Pt(22))
    if data["notice"]:
        paragraph(made, data["notice"], HEADING, 14, align=CENTER, after=Pt(14))
    for label, text in data["cover"]:
        paragraph(made, f"{label}：{text}", BODY, align=LEFT, after=Pt(6))
    last = paragraph(made, data["printed"], BODY, align=CENTER)
    last.paragraph_format.space_before = Pt(80)
    last.add_run().add_break(WD_BREAK.PAGE)


def _contents(made: Any, titles: list[str]) -> None:
    """A table of contents over the outline; until Word has counted the pages it lists the parts."""
    paragraph(made, "目　录", TITLE, 22, align=CENTER, after=Pt(12))
    lines = [paragraph(made, title, BODY, 14, align=LEFT) for title in titles]
    first, last = lines[0], lines[-1]
    for place, kind in enumerate(("begin", "instr", "separate")):
        made_run = first.add_run()
        if kind == "instr":
            text = OxmlElement("w:instrText")
            text.set(qn("xml:space"), "preserve")
            text.text = r' TOC \o "1-1" \h \z \u '
            made_run.element.append(text)
        else:
            _field_mark(made_run, kind)
        line = first.paragraph_format.element
        line.remove(made_run.element)
        line.insert(place + 1, made_run.element)  # after the paragraph's properties
    _field_mark(last.add_run(), "end")
    last.add_run().add_break(WD_BREAK.PAGE)


def _field_mark(made_run: Any, kind: str) -> None:
    mark = OxmlElement("w:fldChar")
    mark.set(qn("w:fldCharType"), kind)
    if kind == "begin":
        mark.set(qn("w:dirty"), "true")  # Word counts the pages when it opens the file
    made_run.element.append(mark)


def _item(made: Any, item: dict[str, Any]) -> None:
    if "columns" not in item:
        table(made, {"columns": None, "widths": [46, 110], "rows": item["pairs"]})
        return
    paragraph(made, item["label"], HEADING, 12).paragraph_format.keep_with_next = True
    if item["rows"]:
        widths = [1] * len(item["columns"])
        size = 8 if len(widths) > 7 else 10.5
        table(made, {"columns": item["columns"], "widths": widths, "rows": item["rows"]}, size)
    else:
        paragraph(made, "（无）", BODY, 12)
