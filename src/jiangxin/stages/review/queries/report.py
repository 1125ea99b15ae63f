"""What the review hands to later stages: who was decided on, and the facts of the report (N36)."""

from typing import Any

from jiangxin.core.draw.record import VoidReason
from jiangxin.core.draw.walk import SkipReason
from jiangxin.core.scoring.aggregate import Aggregation
from jiangxin.core.scoring.panel import Way
from jiangxin.core.scoring.points import shown
from jiangxin.core.workflow import DrawState, RoundState
from jiangxin.stages.experts.choices import Field
from jiangxin.stages.programme.models import Call, Kind
from jiangxin.stages.programme.queries import pack
from jiangxin.stages.review.choices import Ballot, Conflict, SeatStatus, SheetState
from jiangxin.stages.review.models import (
    Decision,
    Dissent,
    DrawSession,
    Revision,
    Round,
    ScoreSheet,
)
from jiangxin.stages.review.rubrics import in_use, rubric_of
from jiangxin.stages.review.rules import rules_of, told

from .coverage import counting
from .ranking import Ranking, analysed


def decided(call: Call) -> list[Decision]:
    """Every project on which a decided round of the call has decided, by kind and rank.

    `selected` says whether it is proposed; the application, its unit and the place come along.
    """
    rows = Decision.objects.filter(round__call=call, round__state=RoundState.DECIDED)
    return list(
        rows.select_related("application__unit", "place", "round").order_by(
            "round__kind", "rank", "application"
        )
    )


def report_facts(call: Call) -> dict[str, Any]:
    """The facts of the review report of one call, for rounds whose ranking is made.

    {"rounds": [{kind, kind_label, state, panel, procedure, method, results, statistics}]}; points
    as text ("86.5"), moments as datetimes, digests in hex. Rounds still scoring are named with
    state alone: nothing of their scores is in here.
    """
    rows = Round.objects.filter(call=call).select_related("call").order_by("kind")
    return {"rounds": [_round(row) for row in rows]}


def report_of(row: Round) -> dict[str, Any]:
    """The facts of one round, as `report_facts` gives them."""
    return _round(row)


def _round(row: Round) -> dict[str, Any]:
    head = {
        "kind": row.kind,
        "kind_label": Kind(row.kind).label,
        "state": row.state,
        "state_label": RoundState(row.state).label,
    }
    if row.state not in (RoundState.RANKED, RoundState.DECIDED):
        return head
    found = analysed(row)
    return {
        **head,
        "panel": _panel(row),
        "procedure": _procedure(row),
        "method": _method(row),
        "results": _results(found),
        "statistics": _statistics(row, found),
        "revisions": revisions_of(row),
        "dissents": dissents_of(row),
        "ballots": ballots_of(row),
    }


def revisions_of(row: Round) -> list[dict[str, Any]]:
    """What was marked anew after the panel met: who, on what, first and now, why."""
    rows = Revision.objects.filter(sheet__seat__round=row, sheet__seat__status=SeatStatus.ACCEPTED)
    rows = rows.select_related("sheet__seat__expert", "sheet__application")
    return [
        {
            "expert": each.sheet.seat.expert.name,
            "project": each.sheet.application.title,
            "phase": each.sheet.get_phase_display(),
            "number": each.number,
            "first": shown(each.sheet.total or 0),
            "now": shown(each.total),
            "reason": each.reason,
            "at": each.signed_at,
        }
        for each in rows.order_by("sheet__application", "sheet__seat", "number")
    ]


def dissents_of(row: Round) -> list[dict[str, Any]]:
    """Every signed dissent in full: who, on what, the text, when."""
    rows = Dissent.objects.filter(seat__round=row).select_related("seat__expert", "application")
    return [
        {
            "expert": each.seat.expert.name,
            "project": each.application.title if each.application else "",
            "text": each.text,
            "at": each.signed_at,
        }
        for each in rows.order_by("id")
    ]


def ballots_of(row: Round) -> list[dict[str, Any]]:
    """A vote by name: project, expert, what was said; nothing for other ways to decide."""
    if rules_of(row).way is not Way.VOTE:
        return []
    rows = counting(row).filter(state=SheetState.SIGNED).order_by("application", "seat")
    rows = rows.select_related("seat__expert", "seat__round", "application")
    found = []
    for each in rows.prefetch_related("revisions"):
        revisions = each.revisions.all()
        marks = (revisions[len(revisions) - 1] if revisions else each).marks
        word = next(marks[item.id]["typed"] for item in rubric_of(each).items())
        found.append(
            {
                "project": each.application.title,
                "expert": each.seat.expert.name,
                "word": Ballot(word).label,
            }
        )
    return found


def _panel(row: Round) -> list[dict[str, Any]]:
    seats = row.panel.filter(status=SeatStatus.ACCEPTED).select_related("expert")
    return [
        {
            "field": Field(seat.field).label,
            "place": seat.place,
            "name": seat.expert.name,
            "unit": seat.expert.unit_name,
            "title": seat.expert.title,
        }
        for seat in seats.order_by("field", "place")
    ]


def _procedure(row: Round) -> dict[str, Any]:
    replaced = row.panel.filter(status=SeatStatus.REPLACED).order_by("id")
    conflicts = ScoreSheet.objects.filter(
        seat__round=row, conflict=Conflict.DECLARED, phase=rules_of(row).phases[0]
    ).select_related("seat__expert", "application")
    return {
        "draws": [_draw(each) for each in row.sessions.filter(rehearsal=False).order_by("number")],
        "replacements": [
            {
                "field": Field(seat.field).label,
                "place": seat.place,
                "reason": SkipReason(seat.reason).label,
            }
            for seat in replaced
        ],
        "conflicts": [
            {"expert": each.seat.expert.name, "project": each.application.title}
            for each in conflicts.order_by("id")
        ],
        "started_at": row.started_at,
        "ranked_at": row.ranked_at,
        "decided_at": row.decided_at,
    }


def _draw(session: DrawSession) -> dict[str, Any]:
    record = session.record or {}
    opened = record.get("opened") or {}
    return {
        "session": session.plan["session"],
        "state": session.state,
        "state_label": DrawState(session.state).label,
        "pool": len(session.leaves),
        "excluded": len(session.excluded),
        "root": session.root,
        "seal": record.get("seal", ""),
        "seed": opened.get("seed", ""),
        "digest": record.get("digest", ""),
        "parties": [
            {"party": share.party, "name": share.name, "at": share.revealed_at}
            for share in session.shares.order_by("id")
        ],
        "opened_at": session.opened_at,
        "sealed_at": session.sealed_at,
        "drawn_at": session.drawn_at,
        "void_reason": VoidReason(session.void_reason).label if session.void_reason else "",
        "void_note": session.void_note,
    }


def _method(row: Round) -> dict[str, Any]:
    return {
        "aggregation": Aggregation(row.method).label,
        "rubrics_digest": row.rubrics_digest,
        "rubrics": [
            {
                "track": label,
                "name": by.name,
                "version": by.version,
                "status": by.status.label,
                "total": shown(by.total),
                "pass_points": shown(by.pass_points),
                "groups": [{"name": g.name, "points": shown(g.points)} for g in by.groups],
            }
            for label, by in in_use(row)
        ],
        "rules": told(pack(), rules_of(row), row.call.year),
        "conflict_rule": "专家对个别项目回避的，该项目取其余专家有效评分表的平均分。",
    }


def _results(found: Ranking) -> list[dict[str, Any]]:
    return [
        {
            "application": line.decision.application_id,
            "number": line.decision.application.number,
            "title": line.decision.application.title,
            "unit": line.decision.application.unit_name,
            "track": line.decision.application.track,
            "rank": line.decision.rank,
            "total": shown(line.decision.total),
            "sheets": line.decision.sheets,
            "selected": line.decision.selected,
            "reason": line.decision.reason,
            "tied_with": list(line.tied_with),
            "qualified": line.decision.qualified,
            "shortfalls": line.decision.shortfalls,
            "tally": line.decision.tally,
            "grade": line.decision.grade,
            "first_total": shown(line.decision.first_total)
            if line.decision.first_total is not None
            else "",
            "rank_best": line.interval.best,
            "rank_worst": line.interval.worst,
        }
        for line in found.lines
    ]


def _statistics(row: Round, found: Ranking) -> dict[str, Any]:
    totals = [line.decision.total for line in found.lines]
    w = found.agreement.w
    return {
        "projects": len(found.lines),
        "experts": len(found.experts),
        "sheets": sum(line.decision.sheets for line in found.lines),
        "selected": found.selected,
        "places": found.cut,
        "highest": shown(max(totals)),
        "lowest": shown(min(totals)),
        "tied_at_cut": found.tied,
        "fragile": found.fragile,
        "agreement": f"{float(w):.3f}" if w is not None else "",
        "agreement_unknown": found.agreement.unknown,
    }
