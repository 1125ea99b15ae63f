"""Ten thousand applications in a database of their own: a few made by the actions, the rest copied."""

import secrets
from io import BytesIO
from itertools import islice
from random import Random

from django.db import transaction

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.canonical import canonical, digest
from jiangxin.core.kernel.regions import BY_CODE, PROVINCES
from jiangxin.core.proof.merkle import leaf_hash
from jiangxin.core.workflow import ProjectState
from jiangxin.ops.scenes import country, panel, province
from jiangxin.records.documents.actions import store
from jiangxin.records.identity.models import Organisation
from jiangxin.records.ledger.models import Event
from jiangxin.stages.application.models import Application, Evidence, Version
from jiangxin.stages.programme.models import Call, Kind, Track

NOW = clock.beijing(2025, 6, 10, 10)
WINDOW = province.Window(clock.beijing(2025, 5, 6), clock.beijing(2025, 6, 30, 17))
FOCUS = "37"
REVIEWED = "42"  # this province has no copies: its few projects are under review
EARLIER = province.Window(clock.beijing(2025, 3, 3), clock.beijing(2025, 4, 15, 17))
FILES = 40  # evidence of one application
STATES = (ProjectState.SUBMITTED, ProjectState.EXAMINED, ProjectState.RETURNED)


def load(size: int, drafts: int) -> None:
    """`size` submitted applications over all provinces and `drafts` complete ones to be submitted."""
    rng = Random(2022_62)
    with transaction.atomic(), clock.at(NOW):
        country.seed_calendar()
        country.seed_offices(rng)
        country.seed_register(rng, 400)
        _reviewed(rng)
        calls = {
            each.code: province.open_year(each, 2025, WINDOW)
            for each in PROVINCES
            if each.code != REVIEWED
        }
        pattern = province.apply(
            rng, BY_CODE[FOCUS], calls[FOCUS], [Track.NEW_BASE, Track.STUDIO, Track.NEW_BASE],
            leave_draft=True,
        )  # fmt: skip
        base, _, draft = pattern
        _copies(base, calls, size, rng)
        _drafts(draft, drafts)


def _reviewed(rng: Random) -> None:
    """Eight studios with five experts each, half of the sheets signed."""
    place = BY_CODE[REVIEWED]
    call = province.open_year(place, 2025, EARLIER)
    made = province.apply(rng, place, call, [Track.STUDIO] * 8)
    province.examine(rng, place, made, clock.beijing(2025, 4, 20, 9))
    panel.fill_pool(rng, place)
    row = panel.draw_panel(place, call, Kind.STUDIO, clock.beijing(2025, 5, 28, 9))
    panel.score(rng, row, place, clock.beijing(2025, 5, 30, 9), unsigned=20)


def _units(count: int, code: str, tag: str) -> list[Organisation]:
    return Organisation.objects.bulk_create(
        [
            Organisation(
                kind=Organisation.Kind.UNIT,
                name=f"{BY_CODE[code].short}{tag}{number:05d}号技师学院（演示）",
                uscc=f"{tag}{code}{number:010d}"[:18],
                province=code,
                created_at=clock.now(),
            )
            for number in range(count)
        ],
        batch_size=2000,
    )


def _copies(pattern: Application, calls: dict[str, Call], size: int, rng: Random) -> None:
    version = pattern.versions.get()
    for code, call in calls.items():
        units = _units(size // len(calls) + 1, code, "B")
        rows = Application.objects.bulk_create(
            [
                Application(
                    number=f"2025{code}J9{unit.pk:06d}",
                    call=call,
                    province=code,
                    year=2025,
                    unit=unit,
                    unit_name=unit.name,
                    kind=pattern.kind,
                    track=pattern.track,
                    title=f"{unit.name}高技能人才培训基地",
                    priority_field=pattern.priority_field,
                    answers=pattern.answers,
                    revision=pattern.revision,
                    version=1,
                    state=rng.choice(STATES),
                    submitted_at=clock.now(),
                    updated_at=clock.now(),
                )
                for unit in units
            ],
            batch_size=500,
        )
        _versions(rows, version)


def _versions(rows: list[Application], pattern: Version) -> None:
    seal = digest(
        {"answers": pattern.answers, "evidence": pattern.evidence, "track": rows[0].track}
    )
    events = []
    for row in rows:
        event = Event(
            type="project.submitted",
            subject=row.subject,
            actor="bench",
            role="applicant",
            at=clock.now(),
            payload={"from": "draft", "to": "submitted", "digest": seal},
            salt=secrets.token_hex(16),
        )
        event.leaf = leaf_hash(canonical(event.canonical())).hex()
        events.append(event)
    Event.objects.bulk_create(events, batch_size=2000)
    Version.objects.bulk_create(
        [
            Version(
                application=row,
                number=1,
                answers=pattern.answers,
                evidence=pattern.evidence,
                digest=seal,
                at=event.at,
                event=event,
            )
            for row, event in zip(rows, events, strict=True)
        ],
        batch_size=500,
    )


def _drafts(pattern: Application, count: int) -> None:
    """Complete drafts of one unit each with forty files, for what is saved and submitted."""
    units = _units(count, pattern.province, "D")
    rows = Application.objects.bulk_create(
        [
            Application(
                call_id=pattern.call_id,
                province=pattern.province,
                year=2025,
                unit=unit,
                unit_name=unit.name,
                kind=pattern.kind,
                track=pattern.track,
                title=pattern.title,
                leader_name=pattern.leader_name,
                answers=pattern.answers,
                revision=pattern.revision,
                updated_at=clock.now(),
            )
            for unit in units
        ],
        batch_size=500,
    )
    files = _forty(pattern)
    proofs = (
        Evidence(application=row, field=field, document_id=document)
        for row in rows
        for field, document in files
    )
    while batch := list(islice(proofs, 5000)):
        Evidence.objects.bulk_create(batch)


def _forty(pattern: Application) -> list[tuple[str, int]]:
    """Field and document of forty files, the required ones among them."""
    files = list(pattern.evidence.values_list("field", "document_id"))
    for number in range(FILES - len(files)):
        data = b"%PDF-1.4\n% " + str(number).encode() + b"\n%%EOF\n"
        document = store(
            name=f"佐证{number + 1}.pdf",
            size=len(data),
            content=BytesIO(data),
            owner_id=pattern.unit_id,
        )
        files.append((files[number % len(files)][0], document.pk))
    return files
