"""The single assessments: a list that is worked together, and the page of one title's."""

from collections.abc import Sequence
from typing import Any

from django.http import HttpResponse
from django.urls import path, reverse

from jiangxin.core.kernel.errors import DomainError, Invalid, NotFound
from jiangxin.core.kernel.regions import province_name
from jiangxin.core.workflow import PROVINCIAL, AssessmentState, Role, TitleState
from jiangxin.faces.frame import assessed
from jiangxin.faces.frame.addresses import path_of
from jiangxin.faces.frame.keywords import choice, number, province, when
from jiangxin.faces.frame.listing import Column, Listing
from jiangxin.faces.frame.pages import Request, catching, done, page, typed
from jiangxin.faces.frame.sending import send_document
from jiangxin.records.documents.gates import ACCEPT, ALLOWED
from jiangxin.records.identity.viewer import Viewer
from jiangxin.stages.assessment import actions, conclusions, queries
from jiangxin.stages.assessment.choices import PARTS, Grade
from jiangxin.stages.assessment.rules import report_problems
from jiangxin.stages.programme.tracks import Kind

from .marks import shown_marks
from .navigation import DESK, desk_page

READERS = DESK
HR = frozenset({Role.PROVINCE_HR})
BOTH = frozenset(PROVINCIAL)
MOST = 200  # titles at once: as many as a person can read on the preview
A = AssessmentState
WORDS = {True: "同意", False: "不同意", None: ""}
ACTS = {
    "judge": ("评定", A.REPORTED, HR),
    "agree": ("同意结论", A.JUDGED, BOTH),
    "disagree": ("不同意", A.JUDGED, BOTH),
    "conclude": ("作出结论", A.JUDGED, HR),
}
QUESTIONS = {
    "judge": "对以下项目给出同一评定？",
    "agree": "本部门同意以下评定？",
    "disagree": "本部门不同意以下评定？",
    "conclude": "对以下项目作出考核结论？",
}
FOLLOWS = {
    "judge": ["评定后由人社、财政两部门会商；作出结论前可以重新评定，重新评定后须重新会商。"],
    "agree": ["意见只对现在的评定有效；评定改动后须重新表态。"],
    "disagree": ["人社部门看到理由后重新评定，或说明情况后再会商。"],
    "conclude": [
        "结论一经作出不能修改，记入名录，通知单位。",
        "合格以上的，可以按规定以已建项目申报；不合格的，转入取消称号的准备。",
    ],
}


def cases_listing(viewer: Viewer) -> Listing:
    """The list of assessments with what waits for this viewer as a word of its search."""
    return Listing(
        columns=(
            Column("title", "项目", lambda row: row.title.name, sort="title__name"),
            Column("unit", "建设单位", lambda row: row.title.unit_name, sort="title__unit_name"),
            Column(
                "state",
                "状态",
                lambda row: (row.state, row.get_state_display()),
                "state",
                "state",
            ),
            Column(
                "grade", "等次", lambda row: (row.grade, row.get_grade_display()), "state", "grade"
            ),
            Column("hr", "人社", lambda row: WORDS[row.hr], sort="hr"),
            Column("finance", "财政", lambda row: WORDS[row.finance], sort="finance"),
            Column("batch", "批次", lambda row: str(row.batch), sort="batch__number"),
            Column(
                "province",
                "省份",
                lambda row: province_name(row.title.province),
                sort="title__province",
                default=not viewer.province,
            ),
            Column("reported", "自评", lambda row: row.reported_at, "moment", "reported_at"),
            Column("number", "编号", lambda row: row.title.number, default=False),
            Column("kind", "类别", lambda row: row.title.get_kind_display(), default=False),
            Column(
                "concluded",
                "结论时间",
                lambda row: row.concluded_at,
                "moment",
                "concluded_at",
                default=False,
            ),
        ),
        keywords=(
            when("待办", "等待本部门办理的（全部）", {"全部": queries.waits_for(viewer)}),
            choice("状态", "state", AssessmentState),
            choice("等次", "grade", Grade),
            number("年", "year", "考核年度，例如 2025", example="2025"),
            number("批", "batch__number", "批次的序号", example="1"),
            province("title__province"),
            choice("类别", "title__kind", Kind),
            choice("称号", "title__state", TitleState),
        ),
        text=("title__name__icontains", "title__unit_name__icontains", "title__number__icontains"),
        text_help="在项目、单位、编号中查找",
        order=("-year", "batch__province", "-batch__number", "id"),
        link=lambda row: path_of("desk-assessment", row.pk),
    )


def buttons_of(viewer: Viewer) -> list[dict[str, str]]:
    """What this viewer may do with several at once."""
    return [
        {"name": act, "label": f"{label}…", "tone": "danger" if act == "disagree" else ""}
        for act, (label, _, roles) in ACTS.items()
        if viewer.role in roles
    ]


@page(roles=READERS)
def cases(request: Request) -> HttpResponse:
    """All assessments in scope."""
    shown = cases_listing(request.viewer).show(queries.assessments(request.viewer), request)
    return shown.export("考核") or desk_page(
        request,
        "desk/assessment/cases.html",
        {
            "list": shown,
            "buttons": buttons_of(request.viewer),
            "empty": {
                "title": "还没有考核项目",
                "why": "人社部门把名录中的项目编入批次后，就出现在这里。",
            },
        },
    )


def ids_of(request: Request, *, most: int = MOST) -> list[int]:
    """The ticked rows. Raises `Invalid` for more than one can read."""
    sent = request.POST.getlist("ids")
    found = [int(each) for each in sent if each.isascii() and each.isdigit() and len(each) < 18]
    if len(found) > most:
        raise Invalid(f"一次最多办理 {most} 项，已选 {len(found)} 项。", remedy="请分批办理。")
    return found


@page(roles=BOTH, methods=("POST",))
def bulk(request: Request) -> HttpResponse:
    """The same step for several: first the names, then, confirmed, all of them or none."""
    act = request.POST.get("act", "")
    if act not in ACTS or request.viewer.role not in ACTS[act][2]:
        raise Invalid("没有这种办理方式。", remedy="请返回列表重新选择。")
    verb, state, _ = ACTS[act]
    states = (state, A.JUDGED) if act == "judge" else (state,)
    chosen = queries.chosen(request.viewer, ids_of(request))
    rows = [row for row in chosen if row.state in states]
    if not rows:
        raise Invalid(
            f"所选项目都不能{verb}。", remedy=f"须在“{state.label}”状态；请返回列表重新勾选。"
        )
    problems: list[DomainError] = []
    if request.POST.get("confirmed") == "yes":
        with catching(problems):
            _do(request, act, [row.pk for row in rows])
            return done(request, f"{verb} {len(rows)} 项。", "desk-assessments")
    return desk_page(
        request,
        "desk/assessment/confirm.html",
        {
            "act": act,
            "title": verb,
            "verb": verb,
            "question": QUESTIONS[act],
            "action": reverse("desk-assessment-bulk"),
            "back": reverse("desk-assessments"),
            "ids": [row.pk for row in rows],
            "names": [_named(row) for row in rows],
            "skipped": [_named(row) for row in chosen if row not in rows],
            "digest": conclusions.selection_digest(rows),
            "consequences": FOLLOWS[act],
            "grades": Grade.choices,
            "problems": problems,
            "values": typed(request, {"grade": "", "reasons": "", "panel": "", "remark": ""}),
            "errors": {each.field: each.message for each in problems if each.field},
        },
    )


def _named(row: Any) -> str:
    given = f"：{row.get_grade_display()}" if row.grade else f"：{row.get_state_display()}"
    return f"{row.title.number} {row.title.name}（{row.title.unit_name}）{given}"


def _do(request: Request, act: str, ids: Sequence[int]) -> None:
    viewer, sent = request.viewer, request.POST
    if act == "judge":
        conclusions.judge(
            viewer=viewer,
            ids=ids,
            grade=sent.get("grade", ""),
            reasons=sent.get("reasons", ""),
            panel=sent.get("panel", ""),
        )
    elif act == "conclude":
        conclusions.conclude(viewer=viewer, ids=ids)
    else:
        conclusions.concur(
            viewer=viewer,
            ids=ids,
            digest=sent.get("digest", ""),
            agreed=act == "agree",
            remark=sent.get("remark", ""),
        )


@page(roles=READERS, methods=("GET", "POST"))
def case(request: Request, assessment_id: int) -> HttpResponse:
    """One assessment: the report (to be recorded, or as sent in), the judgement, both marks."""
    row = queries.assessment(request.viewer, assessment_id)
    problems: list[DomainError] = []
    if request.method == "POST":
        if request.viewer.role not in HR:
            raise NotFound("此项由省级人社部门办理。")
        answer = _handle(request, row, problems)
        if answer is not None:
            return answer
        row = queries.assessment(request.viewer, assessment_id)
    stands = row.title.state == TitleState.TITLED
    own = request.viewer.role in BOTH and stands
    hr = request.viewer.role in HR
    stored = {
        **assessed.inputs_of(row),
        **{name: getattr(row, name) for name in ("grade", "reasons", "panel")},
        "reason": "",
    }
    return desk_page(
        request,
        "desk/assessment/case.html",
        {
            "row": row,
            "title": row.title,
            "title_state": row.title.get_state_display(),
            "batch": str(row.batch),
            "state": row.get_state_display(),
            "grade": row.get_grade_display(),
            "stands": stands,
            "may_record": hr and stands and row.state == A.PLANNED,
            "account": queries.has_account(row) if row.state == A.PLANNED else None,
            "may_judge": hr and stands and row.state in (A.REPORTED, A.JUDGED),
            "may_return": hr and row.state == A.REPORTED,
            "may_concur": own and row.state == A.JUDGED,
            "may_conclude": hr and stands and row.state == A.JUDGED,
            "may_cancel": hr and row.state in (A.PLANNED, A.REPORTED, A.JUDGED),
            "parts": PARTS,
            "answers": assessed.answers_of(row),
            "files": assessed.files_of(row, "desk-assessment-file"),
            "accept": ACCEPT,
            "allowed": ALLOWED,
            "grades": Grade.choices,
            "digest": conclusions.selection_digest([row]),
            "marks": shown_marks(queries.conclusion_marks(row)),
            "values": typed(request, stored),
            "problems": problems,
            "errors": {each.field: each.message for each in problems if each.field},
        },
    )


def _handle(request: Request, row: Any, problems: list[DomainError]) -> HttpResponse | None:
    """What the province's 人社 sent from the page; None when something was refused."""
    viewer, sent, do = request.viewer, request.POST, request.POST.get("do", "save")
    if do in ("save", "send"):
        problems += assessed.keep(request, row.pk)
        if not problems and do == "send":
            problems += report_problems(queries.assessment(viewer, row.pk))
    said = "已保存。"
    if problems:
        return None
    with catching(problems):
        if do == "send":
            actions.send_report(viewer=viewer, assessment_id=row.pk)
            said = "自评情况已登记，请评定。"
        elif do == "return":
            reason = sent.get("reason", "")
            actions.return_report(viewer=viewer, assessment_id=row.pk, reason=reason)
            said = "自评已退回单位。"
        elif do == "judge":
            _do(request, "judge", [row.pk])
            said = "已评定，请两部门会商。"
        return done(request, said, "desk-assessment", row.pk)
    return None


@page(roles=BOTH, methods=("POST",))
def concur(request: Request, assessment_id: int) -> HttpResponse:
    """A department agrees, or not, to one judgement."""
    act = "agree" if request.POST.get("word") == "agreed" else "disagree"
    queries.assessment(request.viewer, assessment_id)
    _do(request, act, [assessment_id])
    return done(request, "本部门意见已记录。", "desk-assessment", assessment_id)


@page(roles=HR, methods=("GET", "POST"))
def cancel(request: Request, assessment_id: int) -> HttpResponse:
    """Ask once more, with the reason, then take the title out of its batch."""
    row = queries.assessment(request.viewer, assessment_id)
    problems: list[DomainError] = []
    if request.method == "POST":
        with catching(problems):
            conclusions.cancel(
                viewer=request.viewer,
                assessment_id=assessment_id,
                reason=request.POST.get("reason", ""),
            )
            return done(request, "考核已撤销。", "desk-assessment", assessment_id)
    return desk_page(
        request,
        "desk/assessment/confirm.html",
        {
            "act": "cancel",
            "title": "撤销考核",
            "verb": "撤销",
            "question": "撤销以下项目的考核？",
            "action": reverse("desk-assessment-cancel", args=[row.pk]),
            "back": reverse("desk-assessment", args=[row.pk]),
            "ids": [],
            "names": [_named(row)],
            "consequences": [
                "已填的自评和评定保留备查，不作结论。",
                "称号有效的，可以重新编入批次。",
            ],
            "problems": problems,
            "values": typed(request, {"reason": ""}),
            "errors": {each.field: each.message for each in problems if each.field},
        },
    )


@page(roles=READERS)
def file(request: Request, assessment_id: int, document_id: int) -> HttpResponse:
    """One file of a report."""
    return send_document(queries.attached_file(request.viewer, assessment_id, document_id))


urlpatterns = [
    path("assessment/", cases, name="desk-assessments"),
    path("assessment/bulk/", bulk, name="desk-assessment-bulk"),
    path("assessment/<int:assessment_id>/", case, name="desk-assessment"),
    path("assessment/<int:assessment_id>/concur/", concur, name="desk-assessment-concur"),
    path("assessment/<int:assessment_id>/cancel/", cancel, name="desk-assessment-cancel"),
    path(
        "assessment/<int:assessment_id>/files/<int:document_id>/",
        file,
        name="desk-assessment-file",
    ),
]
