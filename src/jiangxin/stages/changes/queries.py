"""Changes of titles, each for those who may see them."""

from dataclasses import dataclass

from django.db.models import BooleanField, ExpressionWrapper, Q, QuerySet

from jiangxin.core.kernel.errors import NotFound
from jiangxin.core.workflow import ChangeState, Department, Role
from jiangxin.records.concurrence.queries import Marks, marks, spoken
from jiangxin.records.documents.papers import paper
from jiangxin.records.documents.queries import Stored
from jiangxin.records.identity.viewer import Viewer
from jiangxin.records.inbox.waiting import Waits
from jiangxin.stages.programme.queries import pack
from jiangxin.stages.titles.changing import same_unit, unit_keys
from jiangxin.stages.titles.models import Title
from jiangxin.stages.titles.queries import in_scope

from .actions import APPROVE, renamed_with
from .choices import ChangeKind
from .models import Change

WAITING = Q(waits=True)  # of the rows of `changes`: the viewer's department must act


def changes(viewer: Viewer) -> QuerySet[Change]:
    """The changes that the viewer may see, with `waits`: whether the viewer's department must act."""
    rows = Change.objects.filter(in_scope(viewer)).select_related("title")
    return rows.annotate(waits=ExpressionWrapper(_waits(viewer), output_field=BooleanField()))


def _waits(viewer: Viewer) -> Q:
    """Finance: until it has spoken. HR: everything open but what lies with finance alone."""
    if viewer.role not in (Role.PROVINCE_HR, Role.PROVINCE_FINANCE):
        return Q(pk__in=[])
    hr, finance = (
        Q(spoken(act=APPROVE, machine=Change.MACHINE, department=department))
        for department in (Department.HR, Department.FINANCE)
    )
    own = ~finance if viewer.role is Role.PROVINCE_FINANCE else ~(hr & ~finance)
    return Q(state=ChangeState.REQUESTED) & own


def changes_waiting(viewer: Viewer) -> Waits:
    """The changes that wait for the viewer's department."""
    return Waits(changes(viewer).filter(_waits(viewer)))


def change(viewer: Viewer, change_id: int) -> Change:
    """One change. Raises `NotFound` beyond the viewer's scope."""
    found = changes(viewer).filter(pk=change_id).first()
    if found is None:
        raise NotFound("没有这项变更。", remedy="它可能不在您的查看范围内。")
    return found


def of_title(viewer: Viewer, title: Title) -> list[Change]:
    """The changes of one title, newest first."""
    return list(changes(viewer).filter(title=title))


def change_marks(row: Change) -> Marks:
    """What the two departments have said about a change as it stands."""
    return marks(act=APPROVE, subject=row.subject, digest=row.digest())


def change_file(viewer: Viewer, change_id: int, document_id: int) -> Stored:
    """One file of a change within the viewer's scope. Raises `NotFound`."""
    return paper(document_id, change(viewer, change_id).papers)


def affected(row: Change) -> list[Title]:
    """The titles that an approval would change: all of a renamed unit, else the one."""
    return renamed_with(row, list(same_unit(unit_keys(row.title))))


@dataclass(frozen=True)
class Line:
    """One fact before and after."""

    label: str
    before: str
    after: str


def lines(row: Change) -> list[Line]:
    """What the change does to the title, fact by fact; of a leader's number only the mask."""
    title = row.title
    before = row.before or {
        "name": title.name,
        "unit_name": title.unit_name,
        "uscc": title.uscc,
        "leader_name": title.leader_name,
    }
    if row.kind == ChangeKind.CLOSURE:
        return [Line("称号", "有效", "终止")]
    level = pack().levels.get(row.leader_level)
    found = [
        Line("项目名称", before["name"], row.title_name),
        Line("建设单位", before["unit_name"], row.unit_name),
        Line("统一社会信用代码", before["uscc"], row.uscc),
        Line("带头人", before["leader_name"], row.leader_name),
        Line("带头人公民身份号码", "", row.leader_mask),
        Line("带头人技能等级", "", level.name if level else ""),
        Line("绝技绝活或其他说明", "", row.leader_grounds),
    ]
    return [line for line in found if line.after]


def levels() -> list[tuple[str, str]]:
    """The skill levels to choose from, as (value, label), the highest first."""
    found = sorted(pack().levels.values(), key=lambda each: -each.rank)
    return [(each.key, each.name) for each in found]
