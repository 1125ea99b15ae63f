"""What waits with a date, told to whom it waits for: 14 days before, 3 days before, on the day, and
every week that it is overdue; each once.

It reads the very things that the pages count: the waits behind the desk's links, the entries of a
unit's titles, the work of experts; and besides what lies with its unit before a title, and the
filing deadline. So whatever a page shows as waiting until a date is reminded of.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import DateField, QuerySet, Value
from django.db.models.functions import Cast

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.canonical import digest
from jiangxin.core.kernel.regions import PROVINCES
from jiangxin.core.workflow import ProjectState, Role, TitleState
from jiangxin.faces.desk.navigation import DESK, Link, links_of
from jiangxin.faces.workspace.navigation import until
from jiangxin.faces.workspace.titles import entries_of
from jiangxin.faces.workspace.todo import expert_todos
from jiangxin.records.identity.models import Organisation, User
from jiangxin.records.identity.queries import viewer_of
from jiangxin.records.identity.viewer import Viewer
from jiangxin.records.inbox.actions import tell_office, tell_person, tell_unit
from jiangxin.records.inbox.models import Message
from jiangxin.records.inbox.queries import sent
from jiangxin.stages.application.queries import with_their_units
from jiangxin.stages.examination.queries import SOON, due_by_examiner
from jiangxin.stages.filing.queries import calls_to_file
from jiangxin.stages.programme.queries import filing_deadline, pack
from jiangxin.stages.titles.models import Title

DAYS_BEFORE = (0, 3, 14)
MANY = 5  # rows of one kind due on one day: beyond it they are told in one message
NATIONAL = (Role.MINISTRY_HR, Role.MINISTRY_FINANCE)
MOST_LETTERS = 200


@dataclass(frozen=True)
class Recipient:
    """An office (role and province), a unit (by its code) or a person."""

    role: str = ""
    province: str = ""
    uscc: str = ""
    person: int = 0

    def tell(self, **message: Any) -> Message | None:
        """Send it; None when it was sent before, or when there is nobody to send it to."""
        if self.uscc:
            return tell_unit(uscc=self.uscc, **message)
        if self.person:
            return tell_person(person_id=self.person, **message)
        return tell_office(role=Role(self.role), province=self.province, **message)


@dataclass(frozen=True)
class Thing:
    """One thing that waits for one recipient until a date; `mark` tells it from all others.

    After `ends` nothing can be done about it any more, so nobody is reminded.
    """

    to: Recipient
    mark: str
    what: str
    name: str
    about: str
    due: date
    ends: date = date.max

    def step_on(self, day: date) -> str:
        """Which reminder is due on `day`: d14, d3, d0, the n-th week overdue (w0, w1, …), or none."""
        left = (self.due - day).days
        if day > self.ends:
            return ""
        if left < 0:
            return f"w{(-left - 1) // 7}"
        return next((f"d{each}" for each in DAYS_BEFORE if left <= each), "")

    def key(self, step: str) -> str:
        """By this a reminder is sent once; a new date makes it a new one."""
        to = [self.to.role, self.to.province, self.to.uscc, self.to.person]
        return "remind:" + digest([*to, self.mark, self.due, step])


def remind(things: list[Thing] | None = None) -> int:
    """Send the reminders that are due today, of `things` or of all that wait; returns how many."""
    today = clock.today()
    due = {
        thing.key(step): thing
        for thing in (waiting_things() if things is None else things)
        if (step := thing.step_on(today))
    }
    fresh = due.keys() - sent(due.keys())
    return sum(_send(thing, key, today) for key, thing in due.items() if key in fresh)


def _send(thing: Thing, key: str, today: date) -> bool:
    left = (thing.due - today).days
    when = f"已逾期 {-left} 天" if left < 0 else f"还有 {left} 天" if left else "今天截止"
    title = f"{thing.what}（{when}）：{thing.name}"
    message = thing.to.tell(
        title=title if len(title) <= MOST_LETTERS else title[: MOST_LETTERS - 1] + "…",
        text=f"办理期限为{clock.long_date(thing.due)}，{when}。",
        about=thing.about,
        due=thing.due,
        key=key,
    )
    return message is not None


def waiting_things(horizon: date | None = None) -> list[Thing]:
    """All that waits for anybody until a date not later than `horizon` (the first reminder's day)."""
    last = horizon or clock.today() + timedelta(days=max(DAYS_BEFORE))
    found = (
        *_offices(last),
        *_examiners(),
        *_filing(),
        *_projects(),
        *_titles(),
        *_experts(),
    )
    return [thing for thing in found if thing.due <= last]


def office_viewers() -> Iterator[Viewer]:
    """Every office for which something can wait, as a viewer without a person."""
    for role in Role:
        if role in NATIONAL:
            yield Viewer(role=role, name=role.label)
        elif role in DESK:
            for province in PROVINCES:
                yield Viewer(role=role, name=role.label, province=province.code)


def _offices(last: date) -> Iterator[Thing]:
    """The rows behind the desk's links: one query for an office, one more for each link that has any."""
    for viewer in office_viewers():
        links = {link.name: link for each in links_of(viewer).values() for link in each}
        to = Recipient(role=viewer.role.value, province=viewer.province)
        for name, days in _due_rows(viewer, links, last).items():
            link, counts = links[name], Counter(days.values())
            what = link.todo_label or link.label
            single = [key for key, day in days.items() if counts[day] <= MANY]
            for row in _rows_of(link, viewer, single) if single else ():
                subject = str(getattr(row, "subject", "") or f"{name}:{row.pk}")
                yield Thing(to, subject, what, name_of(row), subject, days[row.pk])
            for day, number in counts.items():
                if number > MANY:
                    yield Thing(to, name, what, f"{number} 件", "", day)


def _due_rows(viewer: Viewer, links: dict[str, Link], last: date) -> dict[str, dict[int, date]]:
    """Link → row → date, of what is due by `last`; one query at most."""
    parts: list[QuerySet[Any, Any]] = []
    for name, link in links.items():
        waits = link.waits(viewer) if link.waits else None
        if waits is None or not waits.due or waits.rows.query.is_empty():
            continue
        rows = waits.rows.order_by().annotate(
            remind_of=Value(name), remind_by=Cast(waits.due, DateField())
        )
        rows = rows.filter(remind_by__lte=last)
        parts.append(rows.values_list("remind_of", "pk", "remind_by"))
    found: dict[str, dict[int, date]] = defaultdict(dict)
    if parts:
        for name, pk, due in parts[0].union(*parts[1:], all=True) if parts[1:] else parts[0]:
            found[name][pk] = due
    return found


def _rows_of(link: Link, viewer: Viewer, keys: list[int]) -> QuerySet[Any]:
    assert link.waits  # noqa: S101 -- `_due_rows` names only links that have it
    return link.waits(viewer).rows.filter(pk__in=keys).order_by("pk")


def name_of(row: Any) -> str:
    """What people call a row: the title it hangs on, its own title, or what it says it is."""
    title = getattr(row, "title", None)
    if isinstance(title, Title):
        return title.name
    return title if isinstance(title, str) and title else str(row)


def _examiners() -> Iterator[Thing]:
    """Whoever has taken cases, of those that are near or late: one message for each day that is due."""
    for person, day, number in due_by_examiner(clock.today() + SOON):
        mark = "desk-examination"
        yield Thing(Recipient(person=person), mark, "您领取的资格审查", f"{number} 件", "", day)


def _filing() -> Iterator[Thing]:
    """The statutory deadline, for both departments of a province that has filed nothing yet (N38)."""
    year = clock.today().year
    if not pack().covers(year):
        return
    due = _filing_day(year)
    for call in calls_to_file(year):
        for role in (Role.PROVINCE_HR, Role.PROVINCE_FINANCE):
            to, mark = Recipient(role=role.value, province=call.province), f"file:{call.subject}"
            yield Thing(to, mark, "报送备案", call.title, call.subject, due, ends=due)


def _filing_day(year: int) -> date:
    return (filing_deadline(year) - timedelta(seconds=1)).date()


def _projects() -> Iterator[Thing]:
    """Drafts before their window closes; what was sent back, before and after its date."""
    now = clock.now()
    for project in with_their_units():
        draft = project.state == ProjectState.DRAFT
        what = "提交申报" if draft else "补正后再次提交"
        due = (until(project) - timedelta(seconds=1)).astimezone(clock.BEIJING).date()
        ends = due if draft else _filing_day(project.year)
        last = project.call.closes_at if draft else clock.end_of(ends)
        if project.call.opens_at <= now < last:
            to = Recipient(uscc=project.unit.uscc)
            yield Thing(to, project.subject, what, project.title, project.subject, due, ends)


def _titles() -> Iterator[Thing]:
    """What waits for a unit on its titles, as its own page lists it; titles without an account rest."""
    codes = Organisation.objects.exclude(uscc="").values("uscc")
    titles = Title.objects.filter(state=TitleState.TITLED, uscc__in=codes).order_by("uscc", "id")
    units = {
        each.uscc: each for each in Organisation.objects.filter(uscc__in=titles.values("uscc"))
    }
    for title in titles:
        unit = units[title.uscc]
        viewer = Viewer(
            role=Role.APPLICANT, name=unit.name, province=unit.province, organisation_id=unit.pk
        )
        for entry in entries_of(viewer, title):
            if entry.waits and entry.due:
                to, mark = Recipient(uscc=title.uscc), f"{entry.url} {entry.label}"
                yield Thing(to, mark, entry.label, title.name, title.subject, entry.due)


def _experts() -> Iterator[Thing]:
    """What waits for each expert, as their own queue lists it; one query for each."""
    for user in User.objects.filter(role=Role.EXPERT, is_active=True).order_by("id"):
        for todo in expert_todos(viewer_of(user)):
            if todo.due:
                name = f"{todo.count} {todo.unit}"
                yield Thing(Recipient(person=user.pk), todo.label, todo.label, name, "", todo.due)
