"""A province with a closed call, examined projects and a pool: what a review stands on."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from stdnum.cn import ric

from jiangxin.core.draw.shares import commitment
from jiangxin.core.kernel import clock
from jiangxin.core.kernel.canonical import digest
from jiangxin.core.kernel.identifiers import keyed_hash, mask
from jiangxin.core.workflow import CallState, ProjectState, Role
from jiangxin.records.identity.actions import open_account
from jiangxin.records.identity.models import Organisation, User
from jiangxin.records.identity.queries import viewer_of
from jiangxin.records.identity.secrets import hash_key, seal
from jiangxin.records.identity.viewer import Viewer
from jiangxin.records.ledger.actions import append
from jiangxin.stages.application.models import Application, Version
from jiangxin.stages.experts import actions as experts
from jiangxin.stages.experts.models import Expert
from jiangxin.stages.programme.models import Call, Kind, QuotaPlace, Track
from jiangxin.stages.review.actions import decision, draw, panel, rounds, sheets
from jiangxin.stages.review.models import DrawSession, Round, ScoreSheet, Seat
from jiangxin.stages.review.queries.expert import assigned
from jiangxin.stages.review.rubrics import rubric_of
from tests.factories.desk import policies_with

NOW = clock.beijing(2025, 9, 1, 9)


def id_number(serial: int) -> str:
    """A valid 公民身份号码 of nobody."""
    head = f"11010119700101{serial:03d}"
    return head + str(ric.calc_check_digit(head + "0"))


@dataclass
class Province:
    """The people and rows of one province's review."""

    code: str
    hr: Viewer
    finance: Viewer
    supervisor: Viewer
    call: Call
    projects: list[Application]
    experts: list[Expert]

    @property
    def parties(self) -> dict[str, Viewer]:
        return {"hr": self.hr, "finance": self.finance, "supervisor": self.supervisor}

    def viewer(self, expert: Expert) -> Viewer:
        return viewer_of(Expert.objects.select_related("user").get(pk=expert.pk).user)

    def open_round(self, kind: Kind = Kind.STUDIO, **more: object) -> Round:
        return rounds.open_round(
            viewer=self.hr,
            call_id=self.call.pk,
            kind=Kind(kind),
            due=clock.now() + timedelta(days=7),
            **more,
        )

    def drawn(self, row: Round) -> DrawSession:
        """The whole ceremony with the three parties."""
        session = draw.open_session(viewer=self.hr, round_id=row.pk)
        own = {party: secrets.token_hex(32) for party in self.parties}
        for party, viewer in self.parties.items():
            draw.commit(
                viewer=viewer,
                session_id=session.pk,
                commitment=commitment(party, session.plan["session"], own[party]),
            )
        draw.close_commitments(viewer=self.supervisor, session_id=session.pk)
        for party, viewer in self.parties.items():
            draw.reveal(viewer=viewer, session_id=session.pk, secret=own[party])
        return draw.draw(viewer=self.finance, session_id=session.pk)

    def seated(self, row: Round) -> list[Seat]:
        """The drawn panel, everybody accepted."""
        session = self.drawn(row)
        for seat in session.panel.select_related("expert"):
            panel.answer(viewer=self.viewer(seat.expert), seat_id=seat.pk, accept=True)
        return list(session.panel.select_related("expert").order_by("field", "place"))

    def scoring(self, kind: Kind = Kind.STUDIO) -> Round:
        row = self.open_round(kind)
        self.seated(row)
        return rounds.start(viewer=self.hr, round_id=row.pk)

    def by_rules(self, monkeypatch: pytest.MonkeyPatch, folder: Path, values: str) -> None:
        """Shandong's own rules for this call: lines of TOML, in a copy of the policies."""
        monkeypatch.setenv("JIANGXIN_POLICIES", str(policies_with(folder, values)))
        Call.objects.filter(pk=self.call.pk).update(overlay="37-2025")
        self.call.refresh_from_db()

    def sign_all(self, row: Round, share: Callable[[int, int], int]) -> None:
        """Every open sheet signed; `share(expert, project)` percent of each item's scale."""
        for seat in row.panel.filter(status="accepted").select_related("expert"):
            viewer = self.viewer(seat.expert)
            for sheet in assigned(viewer).filter(conflict="undeclared"):
                sheets.declare(viewer=viewer, sheet_id=sheet.pk, conflict=False)
                self.sign(viewer, sheet, share(seat.expert_id, sheet.application_id))

    def sign(self, viewer: Viewer, sheet: ScoreSheet, percent: int) -> ScoreSheet:
        by = rubric_of(sheet)
        sheets.save(viewer=viewer, sheet_id=sheet.pk, data=marks(by, percent), comment="属实")
        return sheets.sign(viewer=viewer, sheet_id=sheet.pk)

    def ranked(self, kind: Kind = Kind.STUDIO) -> Round:
        """Scored so that the first project is best and so on."""
        row = self.scoring(kind)
        order = {project.pk: n for n, project in enumerate(self.projects)}
        self.sign_all(row, lambda _expert, project: 100 - 5 * order[project])
        return rounds.rank_round(viewer=self.hr, round_id=row.pk)

    def propose(self, row: Round, count: int) -> None:
        """The first `count` in rank order selected, both departments agreed."""
        from jiangxin.stages.review.queries.ranking import proposal_digest

        lines = list(row.decisions.all())
        choices = {
            each.application_id: decision.Choice(selected=n < count) for n, each in enumerate(lines)
        }
        decision.choose(viewer=self.hr, round_id=row.pk, choices=choices)
        for viewer in (self.hr, self.finance):
            decision.concur(
                viewer=viewer, round_id=row.pk, digest=proposal_digest(row), agreed=True
            )


def marks(by, percent: int) -> dict[str, str]:
    """What an expert types: `percent` of each item's scale, cut to its step."""
    typed = {}
    for item in by.items():
        if item.kind == "data":
            continue
        if item.kind == "vote":
            typed[item.id] = "yes" if percent > 50 else "abstain" if percent == 50 else "no"
            continue
        if item.kind == "deduction":
            typed[item.id] = str(item.required_units)
            continue
        value = item.scale * percent // 100 // item.step * item.step
        typed[item.id] = f"{value // 1000}.{value % 1000:03d}"
    return typed


def officer(role: Role, code: str, name: str) -> Viewer:
    """The account of that office; in a country that has its offices, the one that is there."""
    username = f"{code}-{role.value}"
    user = User.objects.filter(username=username).first() or open_account(
        username=username,
        password=None,
        name=name,
        role=role,
        province=code,
        phone=f"138{len(name):02d}{code}{len(role.value):04d}",
    )
    return viewer_of(user)


def leader_mask(row: Application) -> str:
    """The leader's number as a page may show it."""
    return str(row.answers["leader_id_number"]["mask"])


def project(
    call: Call, number: int, track: Track, more: dict | None = None, **fields: object
) -> Application:
    """An examined project of a unit of its own, with one submitted version; `more` answers."""
    unit = Organisation.objects.create(
        kind="unit",
        name=f"申报单位{call.province}{number}",
        uscc=f"91{call.province}0000MA{number:08d}",
        province=call.province,
        created_at=clock.now(),
    )
    number_of_leader = id_number(500 + number % 500)
    answers = {
        "unit_name": unit.name,
        "contact_phone": "13912345678",
        "leader_name": f"带头人{number}",
        "leader_id_number": {
            "sealed": seal(number_of_leader),
            "hash": keyed_hash(number_of_leader, hash_key()),
            "mask": mask(number_of_leader),
        },
        **(more or {}),
    }
    row = Application.objects.create(
        number=f"{call.year}{call.province}G{number:06d}",
        call=call,
        province=call.province,
        year=call.year,
        unit=unit,
        unit_name=unit.name,
        kind=track.kind.value,
        track=track.value,
        title=f"项目{number}",
        leader_name=f"带头人{number}",
        answers=answers,
        version=1,
        state=ProjectState.EXAMINED,
        submitted_at=call.closes_at - timedelta(days=2),
        updated_at=clock.now(),
        **fields,
    )
    event = append(
        type="project.submitted", subject=row.subject, by=Viewer(role=Role.APPLICANT, name="单位")
    )
    Version.objects.create(
        application=row,
        number=1,
        answers=answers,
        evidence=[],
        digest=digest(answers),
        at=clock.now(),
        event=event,
    )
    return row


def make_province(code: str, *, projects: int = 4, places: int = 2) -> Province:
    call = Call.objects.create(
        province=code,
        year=2025,
        title="申报通知",
        opens_at=clock.beijing(2025, 6, 1),
        closes_at=clock.beijing(2025, 8, 1),
        publicity_days=5,
        panel_size=5,
        state=CallState.OPEN,
    )
    for kind in Kind:
        for number in range(1, places + 1):
            QuotaPlace.objects.create(province=code, year=2025, kind=kind, number=number)
    hr = officer(Role.PROVINCE_HR, code, "人社甲")
    made = [project(call, n, Track.STUDIO) for n in range(1, projects + 1)]
    pool = []
    for n in range(18):
        field = ("technical", "technical", "education", "finance")[n % 4]
        expert = experts.register(
            viewer=hr,
            id_number=id_number(n),
            name=f"专家{n}",
            unit_name=f"评审单位{n}",
            field=field,
            term_until=clock.beijing(2027, 1, 1).date(),
        )
        pool.append(experts.activate(viewer=hr, expert_id=expert.pk))
    return Province(
        code,
        hr,
        officer(Role.PROVINCE_FINANCE, code, "财政乙"),
        officer(Role.SUPERVISOR, code, "监督丙"),
        call,
        made,
        pool,
    )
