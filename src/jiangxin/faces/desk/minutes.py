"""The minutes of a review: what the province writes of the meeting, the dissents, the document."""

from django.http import HttpResponse
from django.urls import path

from jiangxin.core.kernel.errors import DomainError
from jiangxin.core.workflow import RoundState
from jiangxin.faces.frame.pages import Request, catching, done, page, typed
from jiangxin.faces.frame.sending import send_bytes, send_document
from jiangxin.stages.review.actions import decision
from jiangxin.stages.review.papers import minutes_pdf
from jiangxin.stages.review.queries import ranking as reading
from jiangxin.stages.review.queries.report import dissents_of, revisions_of

from .experts import HR, READERS
from .navigation import desk_page
from .programme import by_field


@page(roles=READERS, methods=("GET", "POST"))
def minutes(request: Request, round_id: int) -> HttpResponse:
    """Dissents and what was marked anew, in full; the texts of the meeting, for 人社 to write."""
    problems: list[DomainError] = []
    row = reading.round_of(request.viewer, round_id)
    reading.require_open_scores(row)
    if request.method == "POST":
        sent = {key: str(value) for key, value in request.POST.items()}
        with catching(problems):
            decision.write_minutes(viewer=request.viewer, round_id=round_id, minutes=sent)
            text = "纪要已保存；内容有改动时，两部门须重新会商。"
            return done(request, text, "desk-ranking-minutes", round_id=round_id)
    return desk_page(
        request,
        "desk/ranking/minutes.html",
        {
            "round": row,
            "kind": row.get_kind_display(),
            "dissents": dissents_of(row),
            "revisions": revisions_of(row),
            "fields": [
                {"key": key, "label": label, "most": most}
                for key, (label, most) in decision.MINUTES.items()
            ],
            "values": typed(request, dict.fromkeys(decision.MINUTES, "") | row.minutes),
            "may_write": request.viewer.role in HR and row.state == RoundState.RANKED,
            "problems": problems,
            "errors": by_field(problems),
        },
    )


@page(roles=READERS)
def paper(request: Request, round_id: int) -> HttpResponse:
    """The minutes as PDF: as they were kept at the decision, before it a draft of today."""
    row = reading.round_of(request.viewer, round_id)
    reading.require_open_scores(row)
    if row.paper is not None:
        return send_document(row.paper)
    return send_bytes("评审纪要（草稿）.pdf", "application/pdf", minutes_pdf(row))


urlpatterns = [
    path("rankings/<int:round_id>/minutes/", minutes, name="desk-ranking-minutes"),
    path("rankings/<int:round_id>/minutes.pdf", paper, name="desk-ranking-paper"),
]
