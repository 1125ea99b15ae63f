"""What a machine can read on a scanned or printed paper: the text of its pages and its QR codes.

Reading never decides anything by itself and never raises on what was uploaded: what can not be read
is simply not found.
"""

import io
import warnings
from dataclasses import dataclass

import zxingcpp
from PIL import Image
from pypdf import PageObject, PdfReader
from pypdf.errors import PyPdfError

PDF = "application/pdf"
MOST_PAGES = 80  # whose text is read
MOST_PICTURES = 6  # pages whose pictures are searched for a QR code
MOST_PIXELS = 40_000_000  # an A4 page at 600 dpi has 35 million
QR = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)
BROKEN = (
    PyPdfError,
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    IndexError,
    OSError,
    ArithmeticError,
    RecursionError,
    NotImplementedError,
    MemoryError,
    SyntaxError,
    Image.DecompressionBombError,
)


@dataclass(frozen=True)
class Sheet:
    """One page: its number from 1, its text, and what its QR codes say."""

    number: int
    text: str = ""
    codes: tuple[str, ...] = ()


def sheets(media_type: str, data: bytes) -> list[Sheet]:
    """The pages of a PDF or picture with what could be read on them."""
    if media_type == PDF:
        return _of_pdf(data)
    return [Sheet(1, codes=_codes_in_picture(data))]


def _of_pdf(data: bytes) -> list[Sheet]:
    try:
        reader = PdfReader(io.BytesIO(data))
        count = min(len(reader.pages), MOST_PAGES)
    except BROKEN:
        return []
    found = []
    looked = 0
    for number in range(count):
        try:
            page = reader.pages[number]
            text = page.extract_text()
        except BROKEN:
            found.append(Sheet(number + 1))
            continue
        codes: tuple[str, ...] = ()
        if not text.strip() and looked < MOST_PICTURES:
            looked += 1
            codes = _codes_on_page(page)
        found.append(Sheet(number + 1, text, codes))
    return found


def _codes_on_page(page: PageObject) -> tuple[str, ...]:
    """The QR codes in the pictures of a scanned page."""
    found: list[str] = []
    try:
        for name in page.images.keys()[:3]:
            found += _codes_in_picture(page.images[name].data)
    except BROKEN:
        return tuple(found)
    return tuple(found)


def _codes_in_picture(data: bytes) -> tuple[str, ...]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            picture = Image.open(io.BytesIO(data))
            if picture.width * picture.height > MOST_PIXELS:
                return ()
            grey = picture.convert("L")
        return tuple(each.text for each in zxingcpp.read_barcodes(grey, formats=QR))
    except BROKEN:
        return ()
