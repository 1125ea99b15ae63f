"""The forms under measurement: who sends them, what they say, and the SQL that they come to."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.db import connection
from django.db.models import QuerySet
from django.http import QueryDict
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from jiangxin.core.policy import Section, section_values
from jiangxin.core.workflow import Duty
from jiangxin.records.identity.models import User
from jiangxin.records.identity.queries import viewer_of
from jiangxin.stages.application.models import Application
from jiangxin.stages.application.queries import form_of
from jiangxin.stages.application.sealing import shown_answers
from jiangxin.stages.review.actions.sheets import declare
from jiangxin.stages.review.models import ScoreSheet

DRAFTS = 3000  # more than are submitted in the time of one run
SAVED = 100  # of them are saved again and again instead
ANY = "99999999"  # a revision that no other save has overtaken


@dataclass(frozen=True)
class Post:
    """One form under measurement. `lines`: (path, what ends the body, session); `once`: each line
    can be sent one time only; `body`: the form's text up to the line's own end."""

    name: str
    label: str
    lines: Callable[[], Iterator[tuple[str, str, str]]]
    body: Callable[[], str]
    once: bool


def record_posts(post: Post, lines: list[tuple[str, str, str]]) -> dict[str, Any]:
    """What a few of the requests read and write, one list of SQL for each; a line that can be sent
    once only is used up."""
    sample = [lines.pop()] if post.once else lines
    writes = []
    for path, ending, session in sample:
        client = Client()
        client.cookies["sessionid"] = session
        form = QueryDict(post.body() + ending)
        with CaptureQueriesContext(connection) as queries:
            response = client.post(path, form.dict())
        if response.status_code not in (200, 302):
            raise SystemExit(f"{post.label} {path} 返回 {response.status_code}")
        sql = [each["sql"] for each in queries.captured_queries]
        writes.append([repeatable(each) for each in sql if not _transactional(each)])
    return {"writes": writes}


def _transactional(sql: str) -> bool:
    return sql.startswith(("SAVEPOINT", "RELEASE", "ROLLBACK", "BEGIN", "COMMIT"))


def repeatable(sql: str) -> str:
    """An insert that may be repeated: into a copy without unique keys where the table has some."""
    for name in ("application_version", "application_approval"):
        if f'INSERT INTO "{name}"' in sql:
            copy = f"bench_{name}"
            table = f"CREATE TEMP TABLE IF NOT EXISTS {copy} (LIKE {name} INCLUDING IDENTITY)"
            insert = sql.split(" RETURNING", maxsplit=1)[0].replace(name, copy, 1)
            return f"{table};{insert}"
    return sql


def _own_drafts() -> QuerySet[Application]:
    """The copied drafts, of one unit each."""
    rows = Application.objects.filter(state="draft", unit__uscc__startswith="D")
    return rows.select_related("unit", "call").order_by("id")


def _submitted() -> Iterator[tuple[str, str, str]]:
    """Every complete draft but the last ones, with its revision."""
    for row, session in _signed_in(_own_drafts()[: DRAFTS - SAVED]):
        yield reverse("apply-submit", args=[row.pk]), str(row.revision), session


def _autosaved() -> Iterator[tuple[str, str, str]]:
    """The last drafts, each on the page of its longest section."""
    for row, session in _signed_in(_own_drafts().reverse()[:SAVED]):
        yield reverse("apply-autosave", args=[row.pk, _longest(row).key]), ANY, session


def _typed() -> str:
    """What stands in the inputs of that page."""
    row = _own_drafts().reverse()[0]
    values = section_values(_longest(row), shown_answers(row.answers))
    return urlencode(values, doseq=True) + "&revision="


def _longest(row: Application) -> Section:
    return max(
        form_of(row).sections,
        key=lambda each: len(section_values(each, shown_answers(row.answers))),
    )


def _signed_in(rows: Iterable[Application]) -> Iterator[tuple[Application, str]]:
    """Each draft with a session of its unit's one account."""
    for row in rows:
        user, _ = User.objects.get_or_create(
            username=f"bench-{row.unit_id}",
            defaults={
                "name": "演示",
                "role": "applicant",
                "province": row.province,
                "organisation": row.unit,
                "duties": [each.value for each in Duty],
            },
        )
        yield row, _session(user)


def _sheets() -> Iterator[tuple[str, str, str]]:
    """Every open sheet, by its own expert."""
    rows = ScoreSheet.objects.filter(state="draft").select_related("seat__expert__user")
    for row in rows.order_by("id"):
        user = row.seat.expert.user
        if user is not None:
            declare(viewer=viewer_of(user), sheet_id=row.pk, conflict=False)
            yield reverse("expert-sheet", args=[row.pk]), "-", _session(user)


def _marks() -> str:
    """The form of a whole sheet, as one that was signed has it."""
    signed = ScoreSheet.objects.filter(state="signed").order_by("id")[0]
    marks = {key: mark.get("typed", "") for key, mark in signed.marks.items()}
    return urlencode({**marks, "comment": signed.comment, "act": "save", "from": ""})


def _session(user: User) -> str:
    client = Client()
    client.force_login(user)
    return client.cookies["sessionid"].value


POSTS = (
    Post(
        "submission",
        "提交申报",
        _submitted,
        lambda: "approve=on&sealed=on&accept_unmet=on&revision=",
        once=True,
    ),
    Post("autosave", "自动保存一页", _autosaved, _typed, once=False),
    Post("saving", "保存评分表", _sheets, _marks, once=False),
)
