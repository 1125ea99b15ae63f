"""The zoo: hostile and broken files. Each is refused in plain words, and nothing of it is kept."""

import io
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from jiangxin.core.kernel.errors import Invalid
from jiangxin.records.documents.actions import store
from jiangxin.records.documents.gates import MAX_BYTES
from jiangxin.records.documents.models import Document
from tests.factories.files import OFD, PDF, SHEET, TYPES, WORD, chunk, jpeg, office, png

MIB = 1024 * 1024
EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
RELATION = (
    '<Relationships><Relationship Id="r" Type="http://x/{}" Target="http://evil/x"'
    ' TargetMode="External"/></Relationships>'
)
LAUGHS = '<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]><w>&b;</w>'
OUTSIDE = '<!DOCTYPE w [<!ENTITY x SYSTEM "file:///etc/passwd">]><w>&x;</w>'
MACRO_TYPE = TYPES.format(
    '<Override PartName="/word/code.bin" ContentType="application/vnd.ms-office.vbaProject"/>'
)


def part(name: str, data: str | bytes = "x", base: dict[str, str | bytes] = WORD) -> bytes:
    return office(base | {name: data})


def entry(**changes: int | str) -> bytes:
    """A DOCX with one more part that says something unusual about itself."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in WORD.items():
            archive.writestr(name, data)
        made = zipfile.ZipInfo("word/media/a")
        for key, value in changes.items():
            setattr(made, key, value)
        archive.writestr(made, b"/etc/passwd")
    return buffer.getvalue()


def locked() -> bytes:
    """ "Encrypted" set in both headers of each part."""
    data = bytearray(office(WORD, zipfile.ZIP_STORED))
    for signature, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = -1
        while (at := data.find(signature, at + 1)) >= 0:
            data[at + place] |= 1
    return bytes(data)


def lying(declared: int) -> bytes:
    """A part that unpacks to 60 MiB while both headers declare `declared` bytes."""
    data = bytearray(part("word/big.bin", b"\0" * 60 * MIB))
    for signature, place, name in ((b"PK\x03\x04", 22, 30), (b"PK\x01\x02", 24, 46)):
        at = -1
        while (at := data.find(signature, at + 1)) >= 0:
            if data[at + name :].startswith(b"word/big.bin"):
                data[at + place : at + place + 4] = struct.pack("<I", declared)
    return bytes(data)


def overlapping() -> bytes:
    """Two parts that point at the same bytes."""
    data = bytearray(office(WORD | {"word/a1": b"a" * 999, "word/a2": b"a" * 999}))
    first = data.find(b"PK\x01\x02")
    places = []
    while first >= 0:
        places.append(first)
        first = data.find(b"PK\x01\x02", first + 1)
    data[places[3] + 42 : places[3] + 46] = data[places[2] + 42 : places[2] + 46]
    return bytes(data)


def twice() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in [*WORD.items(), ("word/document2.xml", "<evil/>")]:
            archive.writestr(name, data)
    return buffer.getvalue().replace(b"word/document2.xml", b"word/document.xml\0")


def nul_inside() -> bytes:
    return part("word/aXexe").replace(b"word/aXexe", b"word/a\0exe")


def method(number: int) -> bytes:
    data = bytearray(office(WORD))
    for signature, place in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        at = -1
        while (at := data.find(signature, at + 1)) >= 0:
            data[at + place] = number
    return bytes(data)


def pdf(inside: bytes, before_end: bytes = b"") -> bytes:
    return b"%PDF-1.7\n" + inside + b"\n" + before_end + b"trailer<</Root 1 0 R>>\n%%EOF\n"


def packed(objects: bytes) -> bytes:
    data = zlib.compress(objects)
    head = b"5 0 obj<</Type/ObjStm/N 1/First 4/Filter/FlateDecode/Length %d>>" % len(data)
    return pdf(head + b"stream\r\n" + data + b"\nendstream endobj")


def wrong_sum() -> bytes:
    data = bytearray(png())
    data[29] ^= 1
    return bytes(data)


def deep() -> str:
    return "<a>" * 5000 + "</a>" * 5000


ARCHIVE = office({"run.html": "<script>alert(1)</script>"})
HTML = b"<!doctype html><script>alert(1)</script>"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><script>alert(1)</script></svg>'
CFB = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600

ZOO: dict[str, tuple[str, bytes | Callable[[], bytes], str]] = {
    # names and endings
    "a program": ("病毒.exe", PDF, "不接收"),
    "no ending": ("报告", PDF, "不接收"),
    "only an ending": (".pdf", PDF, "不接收"),
    "a program behind a document": ("报告.pdf.exe", PDF, "不接收"),
    "bidi hides the ending": ("报告\u202efdp.exe", PDF, "不接收"),
    "a bidi mark after the ending": ("报告.pdf\u202eexe.", b"MZ\x90\0" * 9, "不接收"),
    "NUL cuts the name": ("报告.exe\0.pdf/x.exe", PDF, "不接收"),
    "a path upwards": ("../../etc/passwd", PDF, "不接收"),
    "a path of Windows": ("C:\\x\\run.bat", PDF, "不接收"),
    "255 bytes without an ending": ("长" * 85, PDF, "不接收"),
    "255 bytes and a false ending": ("长" * 83 + ".pdf", b"MZ\x90\0" * 99, "内容不是 PDF"),
    "a picture of vectors": ("图.svg", SVG, "不接收"),
    "a page": ("说明.html", HTML, "不接收"),
    "an archive": ("材料.zip", ARCHIVE, "不接收"),
    "a sheet with macros by name": ("表.xlsm", office(SHEET), "不接收"),
    "an old document": ("表.doc", CFB, "不接收"),
    # size and kind
    "nothing": ("报告.pdf", b"", "空文件"),
    "too large": ("报告.pdf", b"%PDF-1.4" + b"\0" * MAX_BYTES, "超过 20 MB"),
    "a picture as a document": ("报告.pdf", png(), "内容不是 PDF"),
    "a document as a picture": ("照片.png", PDF, "内容不是 PNG"),
    "vectors as a picture": ("照片.png", SVG, "内容不是 PNG"),
    "a page as a picture": ("照片.jpg", HTML, "内容不是 JPG"),
    "a program as a document": ("报告.docx", b"MZ\x90\0" * 99, "内容不是 DOCX"),
    "office as a picture": ("照片.jpg", office(WORD), "内容不是 JPG"),
    "an old document with a new ending": ("表.docx", CFB, "密码|旧格式"),
    "a locked sheet": ("表.xlsx", CFB, "密码"),
    "another archive": ("表.docx", office({"a.txt": "x"}), "不是有效的 DOCX"),
    "a sheet as text": ("表.docx", office(SHEET), "不是"),
    "text as OFD": ("证照.ofd", office(WORD), "不是有效的 OFD"),
    "no types": ("表.docx", office({"word/document.xml": "<w/>"}), "不是有效的 DOCX"),
    # archives
    "a bomb": ("表.docx", lambda: part("word/x", b"\0" * 201 * MIB), "解压后过大"),
    "a bomb in one part": ("表.xlsx", lambda: part("xl/x", b"\0" * 60 * MIB, SHEET), "解压后过大"),
    "a bomb that lies low": ("表.docx", lambda: lying(100), "损坏"),
    "a header of 4 GB": ("表.docx", lambda: lying(0xFFFFFFF0), "解压后过大"),
    "ten thousand parts": (
        "表.docx",
        lambda: office(WORD | {f"word/{n}": "" for n in range(10_001)}),
        "解压后过大",
    ),
    "overlapping parts": ("表.docx", overlapping, "重复|损坏"),
    "two parts of one name": ("表.docx", twice, "指向文件之外|重复"),
    "entities": ("表.docx", part("word/document.xml", LAUGHS), "实体"),
    "an entity from a file": ("表.xlsx", part("xl/workbook.xml", OUTSIDE, SHEET), "实体"),
    "entities in UTF-16": ("表.docx", part("word/a.xml", LAUGHS.encode("utf-16")), "实体"),
    "entities in OFD": ("证照.ofd", part("Doc_0/Document.xml", LAUGHS, OFD), "实体"),
    "XML without an end": ("表.docx", part("word/document.xml", "<w>"), "损坏"),
    "XML five thousand deep": ("表.docx", part("word/document.xml", deep()), "损坏"),
    "a symbolic link": ("表.docx", entry(external_attr=0o120777 << 16), "链接"),
    "a slip": ("表.docx", part("../../../etc/cron.d/x"), "指向文件之外"),
    "a slip of Windows": ("表.docx", part("..\\..\\x.dll"), "指向文件之外"),
    "an absolute path": ("表.docx", part("/etc/passwd"), "指向文件之外"),
    "a drive": ("表.docx", part("C:/x"), "指向文件之外"),
    "NUL inside": ("表.docx", nul_inside, "指向文件之外|损坏"),
    "a macro by name": ("表.docx", part("word/vbaProject.bin"), "含有宏"),
    "a macro by another case": ("表.docx", part("word/VBAPROJECT.BIN"), "含有宏"),
    "a macro by type": ("表.docx", part("[Content_Types].xml", MACRO_TYPE), "含有宏"),
    "a macro in a sheet": ("表.xlsx", part("xl/vbaProject.bin", "x", SHEET), "含有宏"),
    "a macro of 1992": ("表.xlsx", part("xl/macrosheets/sheet1.xml", "<x/>", SHEET), "含有宏"),
    "ActiveX": ("表.docx", part("word/activeX/activeX1.xml", "<x/>"), "含有宏"),
    "an embedded program": ("表.docx", part("word/embeddings/run.exe"), "程序"),
    "an embedded object": ("表.docx", part("word/embeddings/oleObject1.bin"), "程序"),
    "a template from afar": (
        "表.docx",
        part("word/_rels/settings.xml.rels", RELATION.format("attachedTemplate")),
        "别处取内容",
    ),
    "an object from afar": (
        "表.docx",
        part("word/_rels/document.xml.rels", RELATION.format("oleObject")),
        "别处取内容",
    ),
    "a field that runs": ("表.docx", part("word/document.xml", "<w>DDEAUTO c:\\x</w>"), "自动取数"),
    "a link that runs": ("表.xlsx", part("xl/externalLinks/a.xml", "<ddeLink/>", SHEET), "自动取数"),
    "locked parts": ("表.docx", locked, "加密"),
    "an unknown packing": ("表.docx", lambda: method(99), "损坏"),
    "cut short": ("表.docx", office(WORD)[:-30], "损坏"),
    "a wrong sum": (
        "表.docx",
        office(WORD, zipfile.ZIP_STORED).replace(b"<w/>", b"<v/>"),
        "损坏",
    ),
    "a corrupt OFD": ("证照.ofd", office(OFD)[:40] + b"\xff" * 90, "损坏"),
    "an OFD with a torn part": (
        "证照.ofd",
        office(OFD, zipfile.ZIP_STORED).replace(b"ofdspec", b"ofdspek"),
        "损坏",
    ),
    "a virus in an archive": ("表.docx", part("word/media/a.txt", EICAR), "病毒"),
    # PDF
    "a virus": ("报告.pdf", pdf(EICAR), "病毒"),
    "a PDF cut short": ("报告.pdf", PDF[:40], "损坏"),
    "a PDF with a password": ("报告.pdf", pdf(b"", b"9 0 obj<</Encrypt 8 0 R>>"), "密码"),
    "a PDF that is a page": ("报告.pdf", pdf(HTML), "网页脚本"),
    "a PDF that is an archive": ("报告.pdf", PDF + ARCHIVE, "压缩包"),
    "a PDF with a long tail": ("报告.pdf", PDF + b"MZ" * 4000, "结尾"),
    "a PDF that runs": ("报告.pdf", pdf(b"1 0 obj<</S/JavaScript/JS(app.alert(1))>>"), "脚本"),
    "a PDF that runs in disguise": ("报告.pdf", pdf(b"1 0 obj<</S/J#61vaScript>>"), "脚本"),
    "a PDF that runs packed": ("报告.pdf", packed(b"1 0 <</S/JavaScript/JS(x)>>"), "脚本"),
    "a PDF that starts a program": ("报告.pdf", pdf(b"1 0 obj<</S/Launch/F(cmd.exe)>>"), "脚本"),
    "a PDF that carries files": ("报告.pdf", pdf(b"<</EmbeddedFiles 3 0 R>>"), "附件"),
    "a PDF with forms of its own": ("报告.pdf", pdf(b"<</XFA 3 0 R>>"), "表单"),
    "a PDF bomb": ("报告.pdf", lambda: packed(b"\0" * 70 * MIB), "解压后过大"),
    # pictures
    "a flood of pixels": ("照片.png", png(60_000, 60_000), "像素"),
    "a flood in a JPEG": ("照片.jpg", jpeg(65_000, 65_000), "像素"),
    "a picture without area": ("照片.png", png(0, 5), "损坏"),
    "a picture without data": (
        "照片.png",
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 9, 9, 8, 0, 0, 0, 0)) + chunk(b"IEND", b""),
        "损坏",
    ),
    "a picture with a wrong sum": ("照片.png", wrong_sum, "损坏"),
    "half a picture": ("照片.png", png()[:-20], "损坏"),
    "half a JPEG": ("照片.jpg", jpeg()[:-2], "损坏"),
    "a header alone": ("照片.jpg", b"\xff\xd8\xff\xe0" + b"\0" * 64, "损坏"),
    "a picture and an archive": ("照片.png", png() + ARCHIVE, "附有其他内容"),
    "a JPEG and an archive": ("照片.jpg", jpeg() + office(WORD), "压缩包"),
    "a JPEG with a page in it": ("照片.jpg", jpeg(comment=HTML), "网页脚本"),
    "a picture with a script in it": (
        "照片.png",
        png()[:-12] + chunk(b"tEXt", b"a\0<?php system(1);") + chunk(b"IEND", b""),
        "网页脚本",
    ),
    "a virus in a picture": (
        "照片.png",
        png()[:-12] + chunk(b"tEXt", b"a\0" + EICAR) + chunk(b"IEND", b""),
        "病毒",
    ),
}  # fmt: skip


@pytest.fixture(autouse=True)
def files(tmp_path: Path, settings: SimpleNamespace) -> Path:
    """A file store of the test's own."""
    settings.MEDIA_ROOT = tmp_path / "files"
    return tmp_path / "files"


def test_the_zoo_is_large_enough() -> None:
    assert len(ZOO) >= 60


@pytest.mark.django_db
@pytest.mark.parametrize("on_disk", [False, True], ids=["in memory", "on disk"])
@pytest.mark.parametrize("case", ZOO)
def test_it_is_refused_with_its_reason_and_leaves_nothing(
    case: str, on_disk: bool, files: Path, tmp_path: Path
) -> None:
    name, made, reason = ZOO[case]
    data = made() if callable(made) else made
    sent = tmp_path / "sent"
    sent.write_bytes(data)
    with (
        sent.open("rb") if on_disk else io.BytesIO(data) as content,
        pytest.raises(Invalid, match=reason) as refused,
    ):
        store(name=name, size=len(data), content=content, owner_id=None)
    assert refused.value.remedy
    assert refused.value.field == "file"
    assert not Document.objects.exists()
    assert not files.exists()


@pytest.mark.django_db
def test_what_only_looks_odd_is_let_in() -> None:
    """No false alarm: a phone's trailer, text about scripts, many small parts, Chinese names."""
    good = {
        "手机照片.jpg": jpeg(4000, 3000) + b"SEFT trailer of a phone" * 9,
        "正文.docx": part("word/document.xml", "<w>实体、宏 &lt;script&gt; 与 JavaScript 课程</w>"),
        "大表.xlsx": part("xl/worksheets/sheet1.xml", f"<x>{'<c/>' * 500_000}</x>", SHEET),
        "链接.docx": part("word/_rels/document.xml.rels", RELATION.format("hyperlink")),
        "课程JavaScript.pdf": pdf("1 0 obj<</Title(JavaScript 课程)>>".encode()),
        "增量保存.pdf": PDF + PDF[9:],
    }
    for name, data in good.items():
        kept = store(name=name, size=len(data), content=io.BytesIO(data), owner_id=None)
        assert kept.size == len(data), name
    assert Document.objects.count() == len(good)
