"""The ranking desk: scores once all are signed, the proposal within the quota, the decision."""

from typing import Any

from django.http import HttpResponse
from django.urls import path, reverse

from jiangxin.core.kernel.errors import DomainError
from jiangxin.core.scoring.aggregate import Aggregation
from jiangxin.core.scoring.marking import Evidence
from jiangxin.core.scoring.panel import Way
from jiangxin.core.scoring.points import shown as points
from jiangxin.core.scoring.rubric import Item
from jiangxin.core.workflow import PROVINCIAL, Department, ProjectState, RoundState
from jiangxin.faces.frame.nation import filled
from jiangxin.faces.frame.pages import Request, catching, done, page
from jiangxin.records.concurrence.queries import marks_in
from jiangxin.records.concurrence.queries import rounds as words
from jiangxin.stages.application.coverage import covered, occupations_of
from jiangxin.stages.programme.queries import pack
from jiangxin.stages.programme.tracks import Kind, Track
from jiangxin.stages.review.actions import decision
from jiangxin.stages.review.marks import said
from jiangxin.stages.review.queries import ranking as reading
from jiangxin.stages.review.rubrics import rubric_of
from jiangxin.stages.review.rules import rules_of, told

from .draw import ROUNDS
from .experts import HR, READERS
from .marks import shown_mark
from .navigation import Link, desk_page
from .programme import by_field

BOTH = frozenset(PROVINCIAL)
WAYS = {Way.VOTE: "实名票决", Way.PASS_FAIL: "合格制"}
WORDS = {
    (Way.VOTE, True): "同意",
    (Way.VOTE, False): "未同意",
    (Way.PASS_FAIL, True): "合格",
    (Way.PASS_FAIL, False): "不合格",
}
DECIDED = {"group:first": "同分，按第一组得分", "submitted": "同分，按提交先后"}
LINKS = (
    Link(
        name="desk-rankings",
        label="排序与遴选",
        icon="chart",
        roles=READERS,
        group="专家评审",
        states=(ProjectState.REVIEWED,),
    ),
)


@page(roles=READERS)
def rankings(request: Request) -> HttpResponse:
    """The reviews of which scoring has begun."""
    rows = reading.rounds(request.viewer).exclude(state=RoundState.PREPARING)
    shown = ROUNDS.show(rows, request)
    return shown.export("排序与遴选") or desk_page(
        request,
        "desk/ranking/list.html",
        {
            "list": shown,
            "empty": {
                "title": "还没有可以排序的评审",
                "why": "全部评分表签署后，由省级人社部门汇总排序。",
            },
        },
    )


@page(roles=READERS)
def ranking(request: Request, round_id: int) -> HttpResponse:
    """The dense table, the proposal, the two marks."""
    return _page(request, round_id, [])


def _page(request: Request, round_id: int, problems: list[DomainError]) -> HttpResponse:
    found = reading.ranking(request.viewer, round_id)
    row = found.round
    open_for_change = row.state == RoundState.RANKED
    said = list(words(row.subject))
    digest = reading.proposal_digest(row)
    gaps = _gaps(row.call.province, found)
    marks = marks_in(said, digest=digest)
    way = rules_of(row).way
    counted = WAYS.get(way)
    return desk_page(
        request,
        "desk/ranking/ranking.html",
        {
            "round": row,
            "kind": Kind(row.kind).label,
            "state": RoundState(row.state).label,
            "method": Aggregation(row.method).label if counted is None else counted,
            "rules": told(pack(), rules_of(row), row.call.year),
            "discussed": any(line.decision.first_total is not None for line in found.lines),
            "graded": any(line.decision.grade for line in found.lines),
            "found": found,
            "lines": [
                {**_line(request, row, found, line), "gaps": gaps[line.decision.application_id]}
                for line in found.lines
            ],
            "experts": [
                {"short": f"{seat.get_field_display()}{seat.place}", "name": seat.expert.name}
                for seat in found.experts
            ],
            "over": max(0, found.selected - found.cut),
            "agreement": f"{float(found.agreement.w):.3f}" if found.agreement.w is not None else "",
            "agreement_unknown": found.agreement.unknown,
            "digest": digest,
            "marks": {each.value: shown_mark(marks[each]) for each in Department},
            "words": said,
            "departments": {each.value: each.label for each in Department},
            "may_choose": open_for_change and request.viewer.role in HR,
            "may_concur": open_for_change and request.viewer.role in BOTH,
            "may_decide": open_for_change and request.viewer.role in HR,
            "problems": problems,
            "errors": by_field(problems),
        },
    )


def _gaps(province: str, found: reading.Ranking) -> dict[int, list[str]]:
    """Application → the priority fields and occupations without a title in the province that it
    would bring: for who selects, once the scores are open; it moves no score. One query."""
    there = covered(province)
    projects = [line.decision.application for line in found.lines]
    return {each.pk: filled(there, each.priority_field, occupations_of(each)) for each in projects}


def _line(request: Request, row: Any, found: reading.Ranking, line: reading.Line) -> dict[str, Any]:
    """One row of the table: plain values, with what has just been typed over what is stored."""
    project = line.decision.application
    pk = project.pk
    typed = request.POST if "proposal" in request.POST else None
    selected = str(pk) in typed.getlist("selected") if typed else line.decision.selected
    return {
        "id": pk,
        "rank": line.decision.rank,
        "project": project,
        "track": Track(project.track).label,
        "field": pack().priority_fields.get(project.priority_field, project.priority_field),
        "total": points(line.decision.total),
        "first": points(line.decision.first_total) if line.decision.first_total is not None else "",
        "grade": line.decision.grade,
        "tally": _tally(line.decision.tally),
        "decided_by": DECIDED.get(line.decision.decided_by, ""),
        "below": not line.decision.qualified,
        "shortfalls": line.decision.shortfalls,
        "sheets": line.decision.sheets,
        "scores": [
            {
                "text": _cell(rules_of(row).way, total),
                "first": _first(rules_of(row).way, found.cells.get((pk, expert))),
                "url": reverse("desk-ranking-sheet", args=[row.pk, found.cells[pk, expert].sheet])
                if total is not None
                else "",
            }
            for expert, total in line.totals.items()
        ],
        "interval": f"{line.interval.best}–{line.interval.worst}"
        if line.interval.best != line.interval.worst
        else str(line.interval.best),
        "tied": bool(line.tied_with),
        "tied_at_cut": pk in found.tied,
        "fragile": pk in found.fragile,
        "departs": line.departs,
        "selected": selected,
        "reason": typed.get(f"reason-{pk}", "") if typed else line.decision.reason,
        "place": line.decision.place.number if line.decision.place else None,
        "at_cut": line.decision.rank <= found.cut < line.decision.rank + len(line.tied_with) + 1
        and line is [each for each in found.lines if each.decision.rank == line.decision.rank][-1],
    }


def _cell(way: Way, total: int | None) -> str:
    """One expert on one project: nothing where recused or left out, the score, or the word."""
    if total is None:
        return "—"
    return points(total) if way is Way.SCORES else WORDS[way, total > 0]


def _first(way: Way, signed: Any) -> str:
    """What was signed before the panel met, where it was marked anew."""
    if signed is None or signed.first == signed.total:
        return ""
    return points(signed.first) if way is Way.SCORES else "已改"


def _tally(tally: dict[str, int]) -> str:
    if not tally:
        return ""
    words = f"同意 {tally['yes']}，不同意 {tally['no']}"
    words += f"，弃权 {tally['abstain']}" if tally["abstain"] else ""
    return f"{words}；应投 {tally['entitled']}"


@page(roles=HR, methods=("POST",))
def choose(request: Request, round_id: int) -> HttpResponse:
    """Save the selection and its reasons."""
    problems: list[DomainError] = []
    post = request.POST
    selected = set(post.getlist("selected"))
    listed = [int(pk) for pk in post.getlist("project") if pk.isdigit()]
    choices = {
        pk: decision.Choice(selected=str(pk) in selected, reason=post.get(f"reason-{pk}", ""))
        for pk in listed
    }
    with catching(problems):
        decision.choose(viewer=request.viewer, round_id=round_id, choices=choices)
        text = "拟推荐名单已保存；内容有改动时，两部门须重新会商。"
        return done(request, text, "desk-ranking", round_id=round_id)
    return _page(request, round_id, problems)


@page(roles=BOTH, methods=("POST",))
def concur(request: Request, round_id: int) -> HttpResponse:
    """The viewer's department agrees to the proposal that it saw, or says why not."""
    problems: list[DomainError] = []
    agreed = request.POST.get("word") == "agreed"
    with catching(problems):
        decision.concur(
            viewer=request.viewer,
            round_id=round_id,
            digest=request.POST.get("digest", ""),
            agreed=agreed,
            remark=request.POST.get("remark", ""),
        )
        text = "已记录：同意拟推荐名单。" if agreed else "已记录：不同意。"
        return done(request, text, "desk-ranking", round_id=round_id)
    return _page(request, round_id, problems)


@page(roles=HR, methods=("GET", "POST"))
def decide(request: Request, round_id: int) -> HttpResponse:
    """Every name once more, then the decision."""
    problems: list[DomainError] = []
    if request.method == "POST" and request.POST.get("confirmed") == "yes":
        with catching(problems):
            decision.decide(viewer=request.viewer, round_id=round_id)
            return done(request, "拟推荐名单已确定，可以公示。", "desk-ranking", round_id=round_id)
    found = reading.ranking(request.viewer, round_id)
    row, lines = found.round, found.lines
    return desk_page(
        request,
        "desk/ranking/decide.html",
        {
            "round": row,
            "kind": Kind(row.kind).label,
            "problems": problems,
            "names": [_name(line) for line in lines if line.decision.selected],
            "others": [_name(line) for line in lines if not line.decision.selected],
            "marks": {
                each.value: shown_mark(mark) for each, mark in reading.proposal_marks(row).items()
            },
            "consequences": [
                "所列项目各占用一个推荐名额，进入公示；其余项目确定为未入选。",
                "确定后不能修改。",
            ],
        },
    )


def _name(line: reading.Line) -> str:
    project = line.decision.application
    return (
        f"第 {line.decision.rank} 名 {project.title}（{project.unit_name}），"
        f"{points(line.decision.total)} 分"
    )


@page(roles=READERS)
def sheet(request: Request, round_id: int, sheet_id: int) -> HttpResponse:
    """One signed sheet, item by item."""
    found = reading.sheet_of(request.viewer, round_id, sheet_id)
    by = rubric_of(found)
    revisions = list(found.revisions.all())
    newest = revisions[-1].marks if revisions else {}
    return desk_page(
        request,
        "desk/ranking/sheet.html",
        {
            "round_id": round_id,
            "sheet": found,
            "phases": [each for each in reading.of_all_phases(found) if each.pk != found.pk],
            "total": points(found.total or 0),
            "full": points(by.total),
            "revisions": [{"row": each, "total": points(each.total)} for each in revisions],
            "groups": [
                {
                    "name": group.name,
                    "items": [_item(item, found.marks, newest) for item in group.items],
                }
                for group in by.groups
            ],
        },
    )


def _item(item: Item, marks: dict[str, Any], newest: dict[str, Any]) -> dict[str, Any]:
    first, now = marks.get(item.id, {}), newest.get(item.id, {})
    before, after = said(item, first.get("typed", "")), said(item, now.get("typed", ""))
    return {
        "name": item.name,
        "method": item.method.label,
        "full": points(item.scale),
        "mark": before,
        "anew": after if newest and after != before else "",
        "evidence": Evidence(first.get("evidence", "sound")).label,
        "comment": now.get("comment") or first.get("comment", ""),
        "source": first.get("source", ""),
    }


urlpatterns = [
    path("rankings/", rankings, name="desk-rankings"),
    path("rankings/<int:round_id>/", ranking, name="desk-ranking"),
    path("rankings/<int:round_id>/choose/", choose, name="desk-ranking-choose"),
    path("rankings/<int:round_id>/concur/", concur, name="desk-ranking-concur"),
    path("rankings/<int:round_id>/decide/", decide, name="desk-ranking-decide"),
    path("rankings/<int:round_id>/sheets/<int:sheet_id>/", sheet, name="desk-ranking-sheet"),
]
