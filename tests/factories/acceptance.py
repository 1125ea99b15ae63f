"""A registered project at the end of its construction, a pool of experts, and an acceptance on its way."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from random import Random

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.regions import BY_CODE
from jiangxin.core.scoring.points import shown
from jiangxin.core.scoring.rubric import Kind
from jiangxin.core.workflow import Role
from jiangxin.ops.scenes import panel as demo
from jiangxin.ops.scenes.country import officer
from jiangxin.records.identity.queries import viewer_of
from jiangxin.records.identity.viewer import Viewer
from jiangxin.stages.acceptance import queries
from jiangxin.stages.acceptance.actions import desk, panel, unit
from jiangxin.stages.acceptance.models import Acceptance, Sheet
from jiangxin.stages.acceptance.rules import rubric_of
from jiangxin.stages.application.models import Application
from jiangxin.stages.construction.actions import start
from jiangxin.stages.construction.queries import goals
from jiangxin.stages.experts.choices import Field
from jiangxin.stages.experts.models import Expert
from jiangxin.stages.programme.models import Track
from jiangxin.stages.titles.models import Title
from tests.factories.applications import Round, make_round
from tests.factories.construction import REGISTERED, pdf, register, unit_of

BUILDING = clock.beijing(2026, 6, 1, 9)
ENDED = clock.beijing(2027, 12, 13, 9)
STATEMENT = "两年来按方案完成建设任务，绩效目标全部达到。"


@dataclass
class Built:
    """One province with one project whose construction runs from `REGISTERED` on."""

    round: Round
    project: Application
    title: Title
    unit: Viewer
    hr: Viewer
    finance: Viewer

    @property
    def both(self) -> tuple[Viewer, Viewer]:
        return self.hr, self.finance

    def state(self) -> str:
        return Application.objects.get(pk=self.project.pk).state

    def fill(self) -> None:
        """A complete self-evaluation with one file."""
        unit.save_draft(
            viewer=self.unit,
            title_id=self.title.pk,
            actuals={
                each.goal.number: {"actual": each.goal.target, "note": ""}
                for each in goals(self.title)
            },
            statement=STATEMENT,
            files=[pdf("总结.pdf")],
        )

    def applied(self) -> Acceptance:
        self.fill()
        return unit.apply(viewer=self.unit, title_id=self.title.pk)

    def pool(self) -> None:
        """Active experts of all fields, none of them tied to the unit."""
        demo.fill_pool(self.round.rng, BY_CODE[self.title.province])

    def panel(self) -> list[Expert]:
        """A sound choice: one expert of each field, the finance expert last."""
        found = []
        for field in (Field.TECHNICAL, Field.EDUCATION, Field.FINANCE):
            rows = Expert.objects.filter(province=self.title.province, field=field)
            found.append(rows.order_by("id")[0])
        return found

    def spare(self, field: str) -> Expert:
        """An expert of the field who is on no panel that these builders seat."""
        rows = Expert.objects.filter(province=self.title.province, field=field)
        return rows.order_by("-id")[0]

    def started(self, experts: Sequence[Expert] | None = None) -> Acceptance:
        """Applied, and the panel seated; the first one leads."""
        row = self.applied()
        if experts is None:
            self.pool()
            experts = self.panel()
        return self.start(row, experts)

    def start(self, row: Acceptance, experts: Sequence[Expert]) -> Acceptance:
        return desk.start(
            viewer=self.hr,
            acceptance_id=row.pk,
            expert_ids=[each.pk for each in experts],
            leader_id=experts[0].pk,
            due=(clock.now() + timedelta(days=14)).date(),
        )

    def scored(self, share: int = 100, **ticks: str) -> Acceptance:
        """Everybody signs `share` percent of each item, the leader ticks all (but `ticks`); closed."""
        row = self.started()
        sign_all(row, share)
        tick(row, **ticks)
        return desk.close_scoring(viewer=self.hr, acceptance_id=row.pk)

    def agree(self, row: Acceptance) -> None:
        row.refresh_from_db()
        for viewer in self.both:
            desk.concur(viewer=viewer, acceptance_id=row.pk, digest=row.digest(), agreed=True)

    def concluded(self, share: int = 100, **ticks: str) -> Acceptance:
        row = self.scored(share, **ticks)
        self.agree(row)
        return desk.conclude(viewer=self.hr, acceptance_id=row.pk)


def viewer_for(sheet: Sheet) -> Viewer:
    return viewer_of(Expert.objects.select_related("user").get(pk=sheet.expert_id).user)


def marks(sheet: Sheet, share: int = 100) -> dict[str, str]:
    """`share` percent of every item's points, on its grain."""
    return {
        item.id: str(item.required_units * share // 100)
        if item.kind is Kind.DEDUCTION
        else shown(item.scale * share // 100 // item.step * item.step)
        for item in rubric_of(sheet.acceptance).items()
    }


def sign(sheet: Sheet, share: int = 100) -> Sheet:
    """One expert declares no conflict, marks, signs."""
    expert = viewer_for(sheet)
    panel.declare(viewer=expert, sheet_id=sheet.pk, conflict=False)
    panel.save(
        viewer=expert, sheet_id=sheet.pk, data=marks(sheet, share), comment="建设任务完成较好。"
    )
    return panel.sign(viewer=expert, sheet_id=sheet.pk)


def sign_all(row: Acceptance, share: int = 100) -> None:
    row.refresh_from_db()
    for sheet in queries.standing(row):
        sign(sheet, share)


def tick(row: Acceptance, **words: str) -> None:
    """The leader ticks every item 符合 but those in `words` (key → note), which are not met."""
    row.refresh_from_db()
    leader = next(each for each in queries.standing(row) if each.leader)
    keys = [item["key"] for item in row.checklist]
    panel.tick(
        viewer=viewer_for(leader),
        sheet_id=leader.pk,
        ticks={key: "not_met" if key in words else "met" for key in keys},
        notes=words,
    )


def make_built(track: Track = Track.STUDIO, round_: Round | None = None) -> Built:
    """A project under construction since `REGISTERED`, in Shandong unless `round_` says otherwise."""
    round_ = round_ or make_round()
    return built_of(round_.submitted(track), round_)


def built_of(project: Application, round_: Round | None = None) -> Built:
    """The same for a project that was submitted before."""
    title = register(project)
    hr, finance = (
        officer(role, title.province) for role in (Role.PROVINCE_HR, Role.PROVINCE_FINANCE)
    )
    with clock.at(REGISTERED):
        start.start(viewer=hr, title_id=title.pk)
    round_ = round_ or Round(title.province, project.call, Random(3))
    return Built(round_, project, title, unit_of(title), hr, finance)
