"""Two hundred experts who score at once: each declares, saves and signs every sheet over HTTP.

What counts is that afterwards every sheet holds exactly what its expert sent; the rate and the
slowest answers are told beside it.
"""

import secrets
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.db.models import Max
from django.test import Client
from django.urls import reverse

from jiangxin.core.kernel import clock
from jiangxin.core.scoring.marking import score
from jiangxin.core.scoring.points import shown
from jiangxin.core.scoring.rubric import Item, Kind, Rubric
from jiangxin.core.workflow import Role
from jiangxin.records.identity.models import User
from jiangxin.stages.application.models import Application
from jiangxin.stages.experts.models import Expert
from jiangxin.stages.review.actions.sheets import lay_sheets
from jiangxin.stages.review.choices import SeatStatus, SheetState
from jiangxin.stages.review.marks import marks_of
from jiangxin.stages.review.models import Round, ScoreSheet, Seat
from jiangxin.stages.review.rubrics import rubric_of

TOKEN = "a" * 32  # an unmasked CSRF secret: cookie and header carry the same
EXPERTS = 200


@dataclass
class Job:
    """One expert's work: the session, and by sheet what will be sent. `times`: seconds of each answer."""

    session: str
    sheets: dict[int, dict[str, str]]
    times: list[float] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)


def crowd(row: Round, count: int) -> list[Seat]:
    """`count` more experts on the panel of a round that is scored, each with empty sheets.

    No draw seats as many; the rows are those that a draw and an acceptance would leave.
    """
    model = row.panel.select_related("expert")[0]
    first = (row.panel.aggregate(last=Max("place"))["last"] or 0) + 1
    seats = []
    for number in range(count):
        name = f"bench-expert-{row.pk}-{number}"
        user = User.objects.create(
            username=name, name=name, role=Role.EXPERT.value, province=row.call.province
        )
        expert = Expert.objects.get(pk=model.expert_id)
        expert.pk, expert.user, expert.name = None, user, name
        expert.id_hash = secrets.token_hex(32)
        expert.save(force_insert=True)
        seats.append(
            Seat(
                round=row,
                session_id=model.session_id,
                expert=expert,
                field=model.field,
                place=first + number,
                leaf=secrets.token_hex(32),
                status=SeatStatus.ACCEPTED,
                invited_at=clock.now(),
            )
        )
    Seat.objects.bulk_create(seats)
    projects = Application.objects.filter(pk__in=row.sessions.get(state="drawn").projects)
    lay_sheets(Seat.objects.filter(pk__in=[each.pk for each in seats]), projects.order_by("id"))
    return seats


def jobs_of(seats: Sequence[Seat]) -> list[Job]:
    """What each of these experts will send: marks that no two of them share."""
    rows = ScoreSheet.objects.filter(seat__in=seats).select_related(
        "seat__expert__user", "seat__round", "application"
    )
    found: dict[int, Job] = {}
    for sheet in rows.order_by("seat", "id"):
        user = sheet.seat.expert.user
        if user is None:
            raise SystemExit(f"席位 {sheet.seat_id} 的专家没有账号")
        if sheet.seat_id not in found:
            client = Client()
            client.force_login(user)
            found[sheet.seat_id] = Job(client.cookies["sessionid"].value, {})
        job = found[sheet.seat_id]
        job.sheets[sheet.pk] = _typed(rubric_of(sheet), sheet.pk)
    return list(found.values())


def _typed(by: Rubric, seed: int) -> dict[str, str]:
    """A mark for each item, other ones for each sheet, and an opinion that names it."""
    items = [item for item in by.items() if item.kind is not Kind.DATA]
    typed = {item.id: _mark(item, seed + 7 * place) for place, item in enumerate(items)}
    return {**typed, "comment": f"第 {seed} 份的意见"}


def _mark(item: Item, seed: int) -> str:
    if item.kind is Kind.DEDUCTION:
        return str(seed % (item.required_units + 1))
    if item.kind is Kind.VOTE:
        return "yes"
    return shown(item.step * (seed % (item.scale // item.step + 1)))


def send(base: str, jobs: Sequence[Job]) -> float:
    """All experts at once against the server at `base` (http://host:port); seconds for all of it."""
    place = urlsplit(base).netloc
    began = time.monotonic()
    with ThreadPoolExecutor(len(jobs)) as pool:
        list(pool.map(lambda job: _work(place, job), jobs))
    return time.monotonic() - began


def _work(place: str, job: Job) -> None:
    connection = HTTPConnection(place, timeout=120)
    try:
        for sheet, typed in job.sheets.items():
            _post(connection, job, reverse("expert-declare", args=[sheet]), {"conflict": "none"})
            _post(connection, job, reverse("expert-sheet", args=[sheet]), {**typed, "act": "save"})
            _post(connection, job, reverse("expert-sign", args=[sheet]), {"confirmed": "yes"})
    except OSError as error:
        job.failed.append(f"{type(error).__name__}: {error}")
    finally:
        connection.close()


def _post(connection: HTTPConnection, job: Job, path: str, form: dict[str, str]) -> None:
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "Cookie": f"csrftoken={TOKEN}; sessionid={job.session}",
        "X-CSRFToken": TOKEN,
    }
    began = time.monotonic()
    connection.request("POST", path, urlencode(form), headers)
    answer = connection.getresponse()
    answer.read()
    job.times.append(time.monotonic() - began)
    if answer.status != 302:
        job.failed.append(f"{path}: {answer.status}")


def lost(jobs: Sequence[Job]) -> list[str]:
    """What is not as it was sent: a sheet unsigned, another mark, another opinion, another total."""
    wanted = {pk: typed for job in jobs for pk, typed in job.sheets.items()}
    rows = ScoreSheet.objects.filter(pk__in=wanted).select_related("seat__round", "application")
    wrong = []
    for sheet in rows.order_by("id"):
        typed = wanted.pop(sheet.pk)
        kept = {item: mark["typed"] for item, mark in sheet.marks.items() if "source" not in mark}
        if {**kept, "comment": sheet.comment} != typed:
            wrong.append(f"评分表 {sheet.pk} 与所发送的不同")
        elif sheet.state != SheetState.SIGNED:
            wrong.append(f"评分表 {sheet.pk} 没有签署")
        else:
            by = rubric_of(sheet)
            if sheet.total != score(by, marks_of(by, sheet)).total:
                wrong.append(f"评分表 {sheet.pk} 的总分不对")
    return wrong + [f"评分表 {pk} 不见了" for pk in wanted]


def measure(port: int, count: int = EXPERTS) -> dict[str, Any]:
    """The figures for the running server: sheets, seconds, answers a second, p95, what is lost."""
    row = Round.objects.filter(state="scoring").order_by("id")[0]
    jobs = jobs_of(crowd(row, count))
    seconds = send(f"http://127.0.0.1:{port}", jobs)
    times = sorted(each for job in jobs for each in job.times)
    return {
        "label": "专家同时评分",
        "experts": count,
        "sheets": sum(len(job.sheets) for job in jobs),
        "seconds": round(seconds, 1),
        "rate": round(len(times) / seconds, 1),
        "p95": round(1000 * times[len(times) * 95 // 100], 1) if times else 0,
        "failed": sum(len(job.failed) for job in jobs),
        "lost": len(lost(jobs)),
    }
