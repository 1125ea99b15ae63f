"""What a unit filled in before is not typed again: shown field by field, and taken when it says so."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from jiangxin.core.kernel.errors import NotFound
from jiangxin.core.policy import Field, Form, Section, is_raw, parse_section, section_values
from jiangxin.records.identity.viewer import Viewer

from .actions import editable, save_section
from .models import Application, Evidence
from .queries import form_of
from .registered import LOCKED
from .sealing import is_sealed, opened_answers, shown_answers

FILE = "file:"  # what a choice of a file begins with: file:FIELD:DOCUMENT
_NEVER = ("attest",)  # a promise is given anew each time


@dataclass(frozen=True)
class Offer:
    """One answer of an earlier application: what stands there and what stands here now, as stored.

    `empty`: nothing stands here yet, so that taking it overwrites nothing.
    """

    section: Section
    field: Field
    before: Any
    now: Any
    empty: bool


@dataclass(frozen=True)
class FileOffer:
    """One file of an earlier application for the same field."""

    section: Section
    field: Field
    document: int
    name: str
    size: int


def sources(viewer: Viewer, project: Application) -> list[Application]:
    """The unit's other applications with anything to take over: this track first, then the newest."""
    rows = Application.objects.filter(
        unit_id=viewer.organisation_id, year__lte=project.year
    ).select_related("call", "unit")
    others = [each for each in rows.exclude(pk=project.pk) if each.answers]
    return sorted(others, key=lambda each: (each.track != project.track, -each.year, -each.pk))


def source(viewer: Viewer, project: Application, source_id: int) -> Application:
    """One of `sources`. Raises `NotFound`."""
    for each in sources(viewer, project):
        if each.pk == source_id:
            return each
    raise NotFound("没有可以沿用的这份申报。", remedy="请从任务清单进入。")


def offers(project: Application, earlier: Application) -> tuple[list[Offer], list[FileOffer]]:
    """What could be taken over: answers that today's form accepts and that differ, and files that
    are not bound to the same field yet. What is computed, locked or promised is left out."""
    form, before = form_of(project), _answers(form_of(earlier), earlier)
    now, found = project.answers, []
    for section, field in _common(form, form_of(earlier)):
        value = _accepted(section, field, before.get(field.key))
        if value is None or _same(field, value, now.get(field.key), project):
            continue
        there = earlier.answers[field.key]
        found.append(
            Offer(section, field, there if is_sealed(there) else value, now.get(field.key),
                  now.get(field.key) in (None, "", []))
        )  # fmt: skip
    return found, _files(project, earlier, form)


def _common(form: Form, other: Form) -> list[tuple[Section, Field]]:
    known = {field.key: field.kind for _, field in other.fields()}
    return [
        (section, field)
        for section, field in form.fields()
        if known.get(field.key) == field.kind
        and field.computed is None
        and field.kind not in _NEVER
        and field.key not in LOCKED
    ]


def _answers(form: Form, row: Application) -> dict[str, Any]:
    return opened_answers(form, row.answers)


def _accepted(section: Section, field: Field, value: Any) -> Any:
    """The answer as today's form reads it; none when it would not take it."""
    if value is None or is_raw(value):
        return None
    parsed = parse_section(section, section_values(section, {field.key: value}))
    return None if parsed.errors else parsed.answers.get(field.key)


def _same(field: Field, value: Any, now: Any, project: Application) -> bool:
    if is_sealed(now):
        return bool(opened_answers(form_of(project), {field.key: now})[field.key] == value)
    return bool(value == now)


def _files(project: Application, earlier: Application, form: Form) -> list[FileOffer]:
    held = set(project.evidence.values_list("field", "document__sha256"))
    places = {field.key: (section, field) for section, field in form.fields()}
    return [
        FileOffer(*places[row.field], row.document_id, row.document.name, row.document.size)
        for row in earlier.evidence.select_related("document")
        if row.field in places
        and places[row.field][1].evidence != "none"
        and (row.field, row.document.sha256) not in held
    ]


@transaction.atomic
def take_over(
    *, viewer: Viewer, application_id: int, source_id: int, chosen: Collection[str], revision: int
) -> tuple[int, int]:
    """Take the chosen answers (field keys) and files (`file:FIELD:DOCUMENT`) over from an earlier
    application of the unit; returns how many of each.

    `revision` is the application's when the offer was shown: what was saved since is not overwritten
    (`Overtaken`). Effects: the sections as if typed, the bindings. Only what `offers` names is taken.
    """
    project = editable(viewer, application_id)
    earlier = source(viewer, project, source_id)
    answers, files = offers(project, earlier)
    wanted = [each for each in answers if each.field.key in chosen]
    before = _answers(form_of(earlier), earlier)
    shown = shown_answers(project.answers)
    for section in form_of(project).sections:
        taken = {
            each.field.key: before[each.field.key] for each in wanted if each.section == section
        }
        if taken:
            save_section(
                viewer=viewer,
                application_id=application_id,
                section=section.key,
                data=section_values(section, {**shown, **taken}),
                revision=revision,
            )
    kept = [each for each in files if f"{FILE}{each.field.key}:{each.document}" in chosen]
    Evidence.objects.bulk_create(
        Evidence(application=project, field=each.field.key, document_id=each.document)
        for each in kept
    )
    return len(wanted), len(kept)
