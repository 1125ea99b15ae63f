"""Read experts from a table: paste or upload, see every row with its faults, confirm."""

from django.core.files.uploadedfile import UploadedFile
from django.http import HttpResponse
from django.urls import path

from jiangxin.core.kernel.errors import DomainError, Invalid
from jiangxin.faces.frame.pages import Request, catching, done, page
from jiangxin.stages.experts import joining

from .experts import HR
from .navigation import desk_page
from .programme import by_field

MOST_BYTES = 512 * 1024


@page(roles=HR, methods=("GET", "POST"))
def expert_import(request: Request) -> HttpResponse:
    """A POST shows the rows; with `confirmed` it enters them, all or none."""
    problems: list[DomainError] = []
    text, lines = "", []
    if request.method == "POST":
        with catching(problems):
            text = _table(request)
            lines = joining.read_table(request.viewer, text)
            if request.POST.get("confirmed") == "yes":
                made = joining.enter_table(viewer=request.viewer, text=text)
                return done(request, f"已导入 {len(made)} 人，请核实后启用。", "desk-experts")
    return desk_page(
        request,
        "desk/experts/import.html",
        {
            "text": text or request.POST.get("table", ""),
            "lines": lines,
            "wrong": sum(bool(each.problems) for each in lines),
            "columns": joining.COLUMNS,
            "needed": joining.NEEDED,
            "most": joining.MOST_ROWS,
            "problems": problems,
            "errors": by_field(problems),
        },
    )


def _table(request: Request) -> str:
    """What was uploaded, else what was pasted. Raises `Invalid` for a file that is no text."""
    upload = request.FILES.get("file")
    if not isinstance(upload, UploadedFile):
        return request.POST.get("table", "")[:MOST_BYTES]
    if (upload.size or 0) > MOST_BYTES:
        raise Invalid("文件过大。", remedy="请分几次导入。", field="table")
    data = upload.read()
    for encoding in ("utf-8", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Invalid("不是文本文件。", remedy="请另存为 CSV，或从工作簿中复制粘贴。", field="table")


urlpatterns = [path("experts/import/", expert_import, name="desk-expert-import")]
