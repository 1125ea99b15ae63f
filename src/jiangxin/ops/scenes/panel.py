"""One province's expert review: the pool, the draw by three parties, the sheets, the decision."""

from datetime import datetime, timedelta
from random import Random

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.regions import Province
from jiangxin.core.scoring.rubric import Item, Kind
from jiangxin.core.workflow import Role
from jiangxin.records.identity.queries import viewer_of
from jiangxin.stages.experts import actions as pool
from jiangxin.stages.experts.choices import Field
from jiangxin.stages.programme.models import Call
from jiangxin.stages.programme.models import Kind as ProjectKind
from jiangxin.stages.review.actions import decision, draw, panel, rounds, sheets
from jiangxin.stages.review.choices import SeatStatus
from jiangxin.stages.review.models import Round, ScoreSheet, Seat
from jiangxin.stages.review.queries.ranking import places, proposal_digest
from jiangxin.stages.review.rubrics import rubric

from . import names
from .country import officer

PARTIES = (Role.PROVINCE_HR, Role.PROVINCE_FINANCE, Role.SUPERVISOR)
POOL = {Field.TECHNICAL: 8, Field.EDUCATION: 5, Field.FINANCE: 4}


def fill_pool(rng: Random, province: Province) -> None:
    """Active experts of the three fields, none of them from an applicant unit."""
    hr = officer(Role.PROVINCE_HR, province.code)
    for field, count in POOL.items():
        for _ in range(count):
            expert = pool.register(
                viewer=hr,
                id_number=names.id_number(rng),
                demo=True,
                name=names.person(rng),
                field=field.value,
                unit_name=f"{province.short}{rng.choice(names.PLACES)}职业大学{names.MARK}",
                title=rng.choice(("正高级讲师", "高级技师", "高级会计师", "研究员")),
                phone=names.mobile(rng),
                term_until=clock.today().replace(year=clock.today().year + 5, month=12, day=31),
            )
            pool.activate(viewer=hr, expert_id=expert.pk)


def draw_panel(province: Province, call: Call, kind: ProjectKind, at: datetime) -> Round:
    """The ceremony, on one morning: open, three commitments, seal, three secrets, draw, accept."""
    hr = officer(Role.PROVINCE_HR, province.code)
    with clock.at(at):
        row = rounds.open_round(viewer=hr, call_id=call.pk, kind=kind, due=at + timedelta(days=12))
        session = draw.open_session(viewer=hr, round_id=row.pk)
    parties = [officer(role, province.code) for role in PARTIES]
    with clock.at(at + timedelta(minutes=10)):
        promised = [draw.commit_for(viewer=one, session_id=session.pk) for one in parties]
        draw.close_commitments(viewer=hr, session_id=session.pk)
    with clock.at(at + timedelta(minutes=30)):
        for one, secret in zip(parties, promised, strict=True):
            draw.reveal(viewer=one, session_id=session.pk, secret=secret)
        draw.draw(viewer=hr, session_id=session.pk)
    with clock.at(at + timedelta(hours=3)):
        for seat in _seats(row):
            panel.answer(viewer=viewer_of(seat.expert.user), seat_id=seat.pk, accept=True)
    return row


def _seats(row: Round) -> list[Seat]:
    living = row.panel.exclude(status=SeatStatus.REPLACED)
    return list(living.select_related("expert__user").order_by("field", "place"))


def score(rng: Random, row: Round, province: Province, at: datetime, *, unsigned: int = 0) -> None:
    """Everybody scores everything and signs; the last `unsigned` sheets stay open."""
    hr = officer(Role.PROVINCE_HR, province.code)
    with clock.at(at):
        rounds.start(viewer=hr, round_id=row.pk)
    todo = list(
        ScoreSheet.objects.filter(seat__round=row)
        .select_related("seat__expert__user", "seat__round", "application")
        .order_by("seat", "application")
    )
    strength: dict[int, float] = {}
    with clock.at(at + timedelta(days=2)):
        for sheet in todo[: len(todo) - unsigned]:
            able = strength.setdefault(sheet.application_id, rng.uniform(0.72, 0.95))
            expert = viewer_of(sheet.seat.expert.user)
            sheets.declare(viewer=expert, sheet_id=sheet.pk, conflict=False)
            by = rubric(row, sheet.application.track)
            typed = [item for item in by.items() if item.kind is not Kind.DATA]
            data = {item.id: _mark(rng, item, able) for item in typed}
            sheets.save(
                viewer=expert,
                sheet_id=sheet.pk,
                data=data,
                comment="基础较好，目标明确，建议加强过程管理。",
            )
            sheets.sign(viewer=expert, sheet_id=sheet.pk)


def _mark(rng: Random, item: Item, able: float) -> str:
    if item.kind is Kind.DEDUCTION:
        return str(rng.choice((0, 0, 1)))
    if item.kind is Kind.ALL_OR_NOTHING:
        return f"{item.points / 1000:g}"
    share = min(1.0, max(0.5, rng.gauss(able, 0.06)))
    return f"{int(item.points * share) // item.step * item.step / 1000:g}"


def decide(row: Round, province: Province, at: datetime) -> None:
    """Rank, choose the best within the quota, agree, decide."""
    hr, finance = (officer(role, province.code) for role in PARTIES[:2])
    with clock.at(at):
        rounds.rank_round(viewer=hr, round_id=row.pk)
        limit = min(places(row), row.decisions.count() - 1) or 1
        decision.choose(viewer=hr, round_id=row.pk, choices=_choices(row, limit))
        digest = proposal_digest(row)
        for viewer in (hr, finance):
            decision.concur(viewer=viewer, round_id=row.pk, digest=digest, agreed=True)
        decision.decide(viewer=hr, round_id=row.pk)


def _choices(row: Round, limit: int) -> dict[int, decision.Choice]:
    """The first `limit` by rank; where the last of them is tied with one that is not, a reason for all
    of that rank."""
    ranked = list(row.decisions.order_by("rank", "application"))
    last = ranked[limit - 1].rank
    return {
        each.application_id: decision.Choice(
            selected=number < limit,
            reason="总分相同，按重点领域缺口择优。" if each.rank == last else "",
        )
        for number, each in enumerate(ranked)
    }
