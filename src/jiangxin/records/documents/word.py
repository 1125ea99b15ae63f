"""Reports as Word documents for officials to edit, laid out after GB/T 9704-2012.

Fonts are named as officials have them (方正小标宋简体, 仿宋_GB2312, 黑体, 楷体_GB2312); a machine without
them shows its own in their place. Margins 37, 35, 28 and 26 mm, 22 lines a page, page number `— 1 —`
outside.
"""

import io
from datetime import UTC, datetime
from typing import Any

import docx as library
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
TITLE, BODY, HEADING, SECOND = "方正小标宋简体", "仿宋_GB2312", "黑体", "楷体_GB2312"
LATIN = "Times New Roman"
LINE = Pt(28.95)  # 225 mm of text in 22 lines
WIDTH = 156  # mm between the margins
LONGEST_WHOLE = 300  # letters; a row with a longer cell may go on over the page


def docx(data: dict[str, Any], *, at: datetime) -> bytes:
    """The Word file of a report: {title, chapters: [{title, parts}], signed}, as `report.typ` takes it.

    A part is {text}, {heading} or {columns, widths, rows}. `at` is the moment that the file names
    as its creation.
    """
    made = library.Document()
    lay_page(made)
    paragraph(made, data["title"], TITLE, 22, align=WD_ALIGN_PARAGRAPH.CENTER, after=Pt(22))
    for chapter in data["chapters"]:
        paragraph(made, chapter["title"], HEADING, indent=True, level=1)
        for part in chapter["parts"]:
            if "columns" in part:
                table(made, part)
            elif part.get("heading"):
                paragraph(made, part["heading"], SECOND, indent=True, level=2)
            else:
                paragraph(made, part["text"], BODY, indent=True)
    for number, line in enumerate(data["signed"]):
        row = paragraph(made, line, BODY, align=WD_ALIGN_PARAGRAPH.RIGHT)
        row.paragraph_format.right_indent = Pt(64)
        row.paragraph_format.space_before = Pt(28 if number == 0 else 0)
        row.paragraph_format.keep_with_next = number < len(data["signed"]) - 1
    properties = made.core_properties
    properties.title = data["title"].replace("\n", "")
    properties.author = properties.comments = ""
    properties.created = properties.modified = at.astimezone(UTC).replace(tzinfo=None)
    buffer = io.BytesIO()
    made.save(buffer)
    return buffer.getvalue()


def lay_page(made: Any) -> None:
    """Paper, margins, page number and font of an official document."""
    section = made.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.top_margin, section.bottom_margin = Mm(37), Mm(35)
    section.left_margin, section.right_margin = Mm(28), Mm(26)
    section.footer_distance = Mm(25)
    made.settings.odd_and_even_pages_header_footer = True
    _page_number(section.footer.paragraphs[0], WD_ALIGN_PARAGRAPH.RIGHT)
    _page_number(section.even_page_footer.paragraphs[0], WD_ALIGN_PARAGRAPH.LEFT)
    style = made.styles["Normal"]
    style.font.size = Pt(16)
    _fonts(style.element.get_or_add_rPr(), BODY)


def _page_number(paragraph: Any, align: Any) -> None:
    paragraph.alignment = align
    run(paragraph, "— ", "宋体", 14)
    field = OxmlElement("w:fldSimple")
    field.set(qn("w:instr"), "PAGE")
    number = paragraph.add_run("1")
    number.font.size = Pt(14)
    field.append(number.element)
    paragraph.paragraph_format.element.append(field)
    run(paragraph, " —", "宋体", 14)


def paragraph(
    made: Any,
    text: str,
    font: str,
    size: float = 16,
    *,
    align: Any = WD_ALIGN_PARAGRAPH.JUSTIFY,
    indent: bool = False,
    after: Pt | None = None,
    level: int = 0,
) -> Any:
    line = made.add_paragraph()
    layout = line.paragraph_format
    layout.alignment = align
    layout.line_spacing_rule = WD_LINE_SPACING.EXACTLY
    layout.line_spacing = LINE if size <= 16 else Pt(36)
    layout.space_before, layout.space_after = Pt(0), after or Pt(0)
    layout.first_line_indent = Pt(2 * size) if indent else Pt(0)
    if level:  # shown in Word's navigation, without its coloured heading styles
        layout.keep_with_next = True
        outline = OxmlElement("w:outlineLvl")
        outline.set(qn("w:val"), str(level - 1))
        layout.element.get_or_add_pPr().append(outline)
    run(line, text, font, size)
    return line


def table(made: Any, part: dict[str, Any], size: float = 10.5) -> None:
    """A table of texts with a head that repeats on every page; without `columns` none, but a bold-faced
    first column."""
    head = part["columns"]
    grid = made.add_table(rows=1 if head else 0, cols=len(part["widths"]), style="Table Grid")
    grid.alignment = WD_TABLE_ALIGNMENT.CENTER
    grid.autofit = False
    widths = [Mm(WIDTH * share / sum(part["widths"])) for share in part["widths"]]
    if head:
        _row(grid.rows[0], head, widths, [HEADING] * len(head), size)
        _mark(grid.rows[0], "w:tblHeader")
    fonts = [BODY if head else HEADING, *[BODY] * (len(widths) - 1)]
    for row in part["rows"]:
        _row(grid.add_row(), row, widths, fonts, size)
    made.add_paragraph().paragraph_format.space_after = Pt(0)


def _row(row: Any, texts: list[str], widths: list[Any], fonts: list[str], size: float) -> None:
    if max(map(len, texts)) < LONGEST_WHOLE:
        _mark(row, "w:cantSplit")
    for cell, text, width, font in zip(row.cells, texts, widths, fonts, strict=True):
        cell.width = width
        line = cell.paragraphs[0]
        line.paragraph_format.space_after = Pt(0)
        run(line, text, font, size)


def _mark(row: Any, name: str) -> None:
    # python-docx shows a row's height and nothing else of what Word keeps of it.
    row._tr.get_or_add_trPr().append(OxmlElement(name))  # noqa: SLF001


def run(line: Any, text: str, font: str, size: float) -> None:
    """Add `text` in `font` to a paragraph; a line end becomes a break."""
    clean = "".join(c for c in text if c.isprintable() or c == "\n")
    part = line.add_run(clean)
    part.font.size = Pt(size)
    _fonts(part.element.get_or_add_rPr(), font)


def _fonts(properties: Any, font: str) -> None:
    """Chinese letters in `font`, Latin letters and figures in Times New Roman."""
    named = properties.get_or_add_rFonts()
    for script in ("w:ascii", "w:hAnsi", "w:cs"):
        named.set(qn(script), LATIN)
    named.set(qn("w:eastAsia"), font)
