"""What a unit does when its title is to be taken away: sign for the notice, say its piece, read the end."""

from collections.abc import Iterator
from typing import Any

from django.http import HttpResponse
from django.urls import path, reverse

from jiangxin.core.kernel.errors import DomainError
from jiangxin.core.workflow import RevocationState, Role
from jiangxin.faces.frame.addresses import path_of
from jiangxin.faces.frame.asking import FILES, Ask, Question, files
from jiangxin.faces.frame.pages import Request, catching, done, page
from jiangxin.faces.frame.sending import send_document
from jiangxin.faces.frame.uploads import uploads
from jiangxin.records.identity.viewer import Viewer
from jiangxin.stages.revocation import queries
from jiangxin.stages.revocation.actions import hearing

from .asking import ask_page
from .navigation import workspace_page
from .titles import Entry

UNIT = frozenset({Role.APPLICANT})
SUBJECTS = {"revocation": "my-revocation"}  # where a message about one leads
S = RevocationState
PLAIN = {
    S.NOTICED: "省级人社、财政部门拟取消本单位的称号。您可以陈述申辩，也可以要求听证。",
    S.HEARD: "陈述申辩已结束，两部门正在研究决定。",
    S.DECIDED: "两部门已决定取消称号，随后向社会公布。",
    S.PUBLISHED: "取消称号的决定已经公布。",
    S.DISMISSED: "两部门决定不予取消，称号保留。",
}


def entries(viewer: Viewer, title: Any) -> Iterator[Entry]:
    """The cases of this title that the unit was told of; what waits is its receipt, then its answer."""
    for row in queries.of_title(viewer, title):
        waits = row.state == S.NOTICED and not queries.hearing_over(row)
        text = PLAIN[S(row.state)]
        if waits and row.served_on is None:
            text = "请签收拟取消称号告知书；签收后开始计算陈述申辩期。"
        yield Entry(
            "拟取消称号告知书" if row.open else "取消称号事项",
            text,
            path_of("my-revocation", row.pk),
            waits=waits,
            due=row.hearing_until if waits else None,
        )


@page(roles=UNIT)
def case(request: Request, case_id: int) -> HttpResponse:
    """The notice: why, by which clause, until when; what was said; how it ended."""
    row = queries.case(request.viewer, case_id)
    over = queries.hearing_over(row)
    return workspace_page(
        request,
        "workspace/revocation/case.html",
        {
            "case": row,
            "title": row.title,
            "state": row.get_state_display(),
            "plain": PLAIN[S(row.state)],
            "clause": row.clause,
            "to_sign": row.state == S.NOTICED and row.served_on is None,
            "may_speak": row.state == S.NOTICED and row.served_on is not None and not over,
            "over": over,
            "ended": row.state in (S.DECIDED, S.PUBLISHED),
            "papers": files(row.papers, "my-revocation-file", row.pk),
            "statements": [
                {"row": each, "papers": files(each.papers, "my-revocation-file", row.pk)}
                for each in queries.statements(row)
            ],
        },
    )


@page(roles=UNIT, methods=("GET", "POST"))
def receipt(request: Request, case_id: int) -> HttpResponse:
    """Ask once more, then sign for the notice."""
    row = queries.case(request.viewer, case_id)
    if request.method == "POST" and request.POST.get("confirmed") == "yes":
        hearing.sign_receipt(viewer=request.viewer, case_id=case_id)
        return done(request, "已签收，可以陈述申辩。", "my-revocation", case_id)
    return workspace_page(
        request,
        "workspace/revocation/receipt.html",
        {"case": row, "title": row.title, "clause": row.clause, "days": row.hearing_days},
    )


@page(roles=UNIT, methods=("GET", "POST"))
def statement(request: Request, case_id: int) -> HttpResponse:
    """Say why the title should stay, or ask for a hearing."""
    row = queries.case(request.viewer, case_id)
    problems: list[DomainError] = []
    if request.method == "POST":
        with catching(problems):
            hearing.state_case(
                viewer=request.viewer,
                case_id=case_id,
                text=request.POST.get("text", ""),
                wants_hearing=request.POST.get("wants_hearing") == "yes",
                uploads=uploads(request, FILES),
            )
            return done(request, "已提交，省级人社部门会看到。", "my-revocation", case_id)
    ask = Ask(
        title="陈述申辩",
        kicker="拟取消称号告知书",
        intro=("请写清您不同意的事实和理由，可以附材料。期限内可以多次补充，提交后不能修改。",),
        clause=row.clause,
        questions=(
            Question("text", "陈述申辩的内容", "longtext", max_length=5000),
            Question("wants_hearing", "我单位要求听证", "attest", required=False),
        ),
        files="材料（可不附）",
        button="提交",
        action=request.path,
        back=reverse("my-revocation", args=[case_id]),
    )
    return ask_page(request, ask, problems)


@page(roles=UNIT)
def file(request: Request, case_id: int, document_id: int) -> HttpResponse:
    """One file of the unit's case."""
    return send_document(queries.case_file(request.viewer, case_id, document_id))


A = "revocations/<int:case_id>/"
urlpatterns = [
    path(A, case, name="my-revocation"),
    path(A + "receipt/", receipt, name="my-revocation-receipt"),
    path(A + "statement/", statement, name="my-revocation-statement"),
    path(A + "files/<int:document_id>/", file, name="my-revocation-file"),
]
