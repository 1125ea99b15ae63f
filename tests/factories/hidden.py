"""A country in which something is hidden from everybody, and what it looks like when that is otherwise.

    country = make_country()
    with other_world():
        country.flip(looker)    # whatever this looker may not know is otherwise, in the rows alone

A flip writes past every guard and trigger: it is another world, not another act in this one.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from django.db import connection, transaction
from django.db.models import F

from jiangxin.core.kernel import clock
from jiangxin.core.workflow import Role
from jiangxin.records.concurrence.models import Concurrence
from jiangxin.records.identity.actions import open_account
from jiangxin.records.identity.queries import viewer_of
from jiangxin.records.identity.viewer import PUBLIC, Viewer
from jiangxin.stages.acceptance.models import Acceptance, Sheet
from jiangxin.stages.experts.models import Expert
from jiangxin.stages.review.actions import decision, discussion, rounds, sheets
from jiangxin.stages.review.actions.dissent import dissent
from jiangxin.stages.review.models import Dissent, Revision, Round, ScoreSheet
from jiangxin.stages.review.queries.expert import assigned
from jiangxin.stages.review.queries.ranking import proposal_digest
from jiangxin.stages.review.rubrics import rubric_of
from tests.factories.review import NOW, Province, make_province, marks
from tests.factories.whole import Pages, make_whole

SCORING, RANKED = "62", "63"
ALL_OF_CHOOSING = frozenset(
    {"panel of choosing", "scores of choosing", "totals of choosing", "choice of choosing"}
)


@dataclass
class Looker:
    """Who looks, which hidden facts this person may know, and whether that they show is looked at."""

    name: str
    viewer: Viewer
    knows: frozenset[str] = frozenset()
    control: bool = False

    @property
    def crawls(self) -> bool:
        """Whether the addresses to which this looker's pages lead are collected, too."""
        return self.control or self.viewer.role in (Role.PUBLIC, Role.MINISTRY_HR)


@dataclass
class Country:
    """What was built: pages with their arguments, people, and what is hidden in it."""

    pages: Pages
    scoring: Province
    ranked: Province
    row_scoring: Round
    row_choosing: Round
    acceptance: Acceptance
    lookers: list[Looker] = field(default_factory=list)

    def flip(self, looker: Looker, *, known: bool = False) -> None:
        """Change every hidden fact that the looker may not know (`known`: those that may be known);
        what the looker wrote stays as it is."""
        own = looker.viewer.user_id or 0
        flips: dict[str, Callable[[], object]] = {
            "scores of scoring": lambda: _scores(self.row_scoring, own),
            "panel of scoring": lambda: _renamed(self.row_scoring, own),
            "scores of choosing": lambda: _scores(self.row_choosing, own),
            "panel of choosing": lambda: _renamed(self.row_choosing, own),
            "totals of choosing": lambda: _totals(self.row_choosing),
            "choice of choosing": lambda: _chosen(self.row_choosing),
            "acceptance scores": lambda: _accepted(self.acceptance, own),
        }
        assert looker.knows <= set(flips)
        for name, change in flips.items():
            if (name in looker.knows) is known:
                past_triggers(change)


def _scores(row: Round, own: int) -> None:
    """Other marks, totals, opinions, reasons and dissents than there were."""
    rows = ScoreSheet.objects.filter(seat__round=row).exclude(seat__expert__user=own)
    for sheet in rows:
        for mark in sheet.marks.values():
            mark.update(typed="1", value=1000, comment="换了一个意见")
        ScoreSheet.objects.filter(pk=sheet.pk).update(marks=sheet.marks, comment="换了一个意见")
    rows.exclude(total=None).update(total=F("total") - 12_345)
    Revision.objects.filter(sheet__in=rows).update(total=1, reason="换了理由")
    Dissent.objects.filter(seat__round=row).exclude(seat__expert__user=own).update(text="换了一份")


def _renamed(row: Round, own: int) -> None:
    for number, seat in enumerate(row.panel.exclude(expert__user=own)):
        Expert.objects.filter(pk=seat.expert_id).update(
            name=f"换人{number}", unit_name=f"换单位{number}", title="换职称", phone="13711112222"
        )


def _totals(row: Round) -> None:
    """The whole ranking turned round."""
    last = row.decisions.count() + 1
    row.decisions.update(rank=last - F("rank"), total=F("total") - 11_111, first_total=77_777)


def _chosen(row: Round) -> None:
    row.decisions.filter(rank__gte=3).update(selected=True)
    row.decisions.filter(rank__lt=3).update(selected=False)
    row.decisions.update(reason="换了一个理由")
    Round.objects.filter(pk=row.pk).update(minutes={"notes": "换了一份纪要"})
    Concurrence.objects.filter(subject=row.subject).update(agreed=False, remark="换了意见")


def _accepted(row: Acceptance, own: int) -> None:
    for sheet in Sheet.objects.filter(acceptance=row).exclude(expert__user=own):
        for mark in sheet.marks.values():
            mark.update(typed="1", value=1000)
        Sheet.objects.filter(pk=sheet.pk).update(marks=sheet.marks, comment="换了一个意见")


@contextmanager
def other_world() -> Iterator[None]:
    """Rows may be changed past all triggers; afterwards nothing has happened."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


FROZEN = (ScoreSheet, Revision, Dissent, Sheet, Concurrence)


def past_triggers(change: Callable[[], object]) -> None:
    """The change, with what is frozen thawed for it."""
    with connection.cursor() as cursor:
        for switch in ("DISABLE", "ENABLE"):
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # no table alters under open checks
            for model in FROZEN:
                cursor.execute(f"ALTER TABLE {model._meta.db_table} {switch} TRIGGER USER")
            if switch == "DISABLE":
                change()
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


def make_country() -> Country:
    """One province with a whole life behind it; one whose experts score; one that chooses."""
    pages = make_whole()
    with clock.at(NOW):
        one, two = make_province(SCORING), make_province(RANKED)
        country = Country(pages, one, two, _scoring(one), _ranked(two), _accepting())
        _people(country)
    return country


def _scoring(province: Province) -> Round:
    """The first three of five have signed half of their sheets; the rest is typed or empty."""
    row = province.scoring()
    for seat in list(row.panel.filter(status="accepted").select_related("expert"))[:4]:
        viewer = province.viewer(seat.expert)
        rows = assigned(viewer).select_related("seat__round", "application")
        for number, sheet in enumerate(rows):
            sheets.declare(viewer=viewer, sheet_id=sheet.pk, conflict=False)
            typed = marks(rubric_of(sheet), 70 + 5 * number)
            sheets.save(viewer=viewer, sheet_id=sheet.pk, data=typed, comment="评审中的意见")
            if number < 2:
                sheets.sign(viewer=viewer, sheet_id=sheet.pk)
    return row


def _ranked(province: Province) -> Round:
    """Discussed, ranked, dissented from; a proposal is chosen and one department has spoken."""
    row = province.scoring()
    order = {each.pk: place for place, each in enumerate(province.projects)}
    province.sign_all(row, lambda _e, pk: 95 - 7 * order[pk])
    discussion.open_discussion(viewer=province.hr, round_id=row.pk)
    seat = row.panel.filter(status="accepted").select_related("expert").first()
    viewer = province.viewer(seat.expert)
    sheet = assigned(viewer).select_related("seat__round", "application").first()
    discussion.revise(
        viewer=viewer,
        sheet_id=sheet.pk,
        data=marks(rubric_of(sheet), 60),
        comment="改评",
        reason="合议中的理由",
    )
    row = rounds.rank_round(viewer=province.hr, round_id=row.pk)
    dissent(viewer=viewer, seat_id=seat.pk, text="合议后的不同意见")
    choices = {
        each.application_id: decision.Choice(selected=each.rank < 3, reason="排序在前")
        for each in row.decisions.all()
    }
    decision.choose(viewer=province.hr, round_id=row.pk, choices=choices)
    decision.write_minutes(viewer=province.hr, round_id=row.pk, minutes={"notes": "讨论纪要"})
    decision.concur(
        viewer=province.hr,
        round_id=row.pk,
        digest=proposal_digest(Round.objects.get(pk=row.pk)),
        agreed=True,
        remark="人社意见",
    )
    return row


def _accepting() -> Acceptance:
    """An acceptance as it was while its panel scored, every sheet typed."""
    row = Acceptance.objects.order_by("id")[0]
    unsigned = {"state": "draft", "total": None, "digest": "", "signed_at": None}
    past_triggers(lambda: Sheet.objects.filter(acceptance=row).update(**unsigned))
    Acceptance.objects.filter(pk=row.pk).update(
        state="scoring", score=None, grade="", conclusion="", scored_at=None, concluded_at=None
    )
    row.refresh_from_db()
    return row


def _account(role: Role, province: str, **more: object) -> Viewer:
    user = open_account(
        username=f"look-{role.value}-{province}",
        password=None,
        name=f"旁观{role.label}{province}",
        role=role,
        province=province,
        **more,
    )
    return viewer_of(user)


def _people(country: Country) -> None:
    one, two = country.scoring, country.ranked
    members = [seat.expert for seat in country.row_scoring.panel.select_related("expert")]
    spare = next(each for each in one.experts if each not in members)
    chooser = country.row_choosing.panel.select_related("expert").last().expert
    panel, desk = frozenset({"panel of scoring"}), ALL_OF_CHOOSING
    units = [each.projects[0].unit for each in (one, two)]
    country.lookers = [
        Looker("public", PUBLIC),
        Looker("unit of scoring", _account(Role.APPLICANT, SCORING, organisation=units[0])),
        Looker("unit of choosing", _account(Role.APPLICANT, RANKED, organisation=units[1])),
        Looker("hr of scoring", one.hr, panel, control=True),
        Looker("supervisor of scoring", one.supervisor, panel),
        Looker("auditor of scoring", _account(Role.AUDITOR, SCORING), panel),
        Looker("hr of choosing", two.hr, desk, control=True),
        Looker("expert of scoring", one.viewer(members[3])),
        Looker("expert not drawn", one.viewer(spare)),
        Looker("expert of choosing", two.viewer(chooser), frozenset({"totals of choosing"}), True),
        Looker("hr elsewhere", _account(Role.PROVINCE_HR, "64")),
        Looker("ministry_hr", _account(Role.MINISTRY_HR, "")),
        Looker("ministry_finance", _account(Role.MINISTRY_FINANCE, "")),
    ]
