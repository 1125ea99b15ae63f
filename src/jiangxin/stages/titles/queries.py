"""Look things up in the register, and count it against the targets."""

from collections import Counter
from dataclasses import dataclass
from functools import cache
from itertools import chain
from typing import Any

from django.db.models import Case, CharField, Count, F, Model, Q, QuerySet, Value, When
from django.db.models.functions import Cast, Concat

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import NotFound
from jiangxin.core.workflow import PROVINCIAL, Role, TitleState
from jiangxin.records.identity.models import Organisation
from jiangxin.records.identity.viewer import Viewer
from jiangxin.records.ledger.models import Event
from jiangxin.stages.programme.models import Kind
from jiangxin.stages.programme.queries import parameter

from .models import Title

PROVINCE_READERS = (*PROVINCIAL, Role.SUPERVISOR, Role.AUDITOR)
LATEST = 2025  # targets and legacy years are read as they stand at the end of the programme


def programme_years() -> tuple[int, int]:
    """The first and the last year in which the notice names projects."""
    return parameter("programme.first_year", LATEST), parameter("programme.last_year", LATEST)


# What the public counts as valid: a revocation takes effect in public on the day it is published.
PUBLICLY_VALID = Q(state=TitleState.TITLED) | Q(unpublished=True)


def register() -> QuerySet[Any]:
    """The public register: every title, valid or revoked, with `public_state`; it forgets nothing."""
    shown = Case(
        When(unpublished=True, then=Value(TitleState.TITLED.value)),
        default=F("state"),
        output_field=CharField(),
    )
    return Title.objects.annotate(public_state=shown)


def public_state(title: Title) -> TitleState:
    """The same of one title."""
    return TitleState.TITLED if title.unpublished else TitleState(title.state)


def in_scope(viewer: Viewer, path: str = "title") -> Q:
    """The one scope of everything that happens to a title after registration.

    `path` leads from the filtered row to its title ("" when the row is the title). A unit sees its
    own titles, by its present code; a province those of the province; the ministries, and national
    audit and supervision, all. Experts and the public see none this way.
    """
    prefix = f"{path}__" if path else ""
    if viewer.role is Role.APPLICANT:
        own = Organisation.objects.filter(pk=viewer.organisation_id or 0).exclude(uscc="")
        return Q(**{f"{prefix}uscc__in": own.values("uscc")})
    if viewer.national:
        return Q()
    if viewer.province and viewer.role in PROVINCE_READERS:
        return Q(**{f"{prefix}province": viewer.province})
    return Q(pk__in=[])


def titles_of(viewer: Viewer) -> QuerySet[Title]:
    """The titles on which this viewer works or watches; the register itself is public."""
    return Title.objects.filter(in_scope(viewer, ""))


def title_of(viewer: Viewer, title_id: int) -> Title:
    """One title in the viewer's scope. Raises `NotFound`."""
    found = titles_of(viewer).filter(pk=title_id).first()
    if found is None:
        raise NotFound("没有这个称号。", remedy="它可能不在您的查看范围内。")
    return found


def is_legacy(title: Title) -> bool:
    """Whether the title is one of 2011–2020 (2.1.2, 4.2)."""
    first, last = legacy_years()
    return first <= title.year <= last


def legacy_years() -> tuple[int, int]:
    """The first and the last year of the titles that the notice calls 原有 (2.1.2)."""
    return parameter("legacy.first_year", LATEST), parameter("legacy.last_year", LATEST)


def registers_for(*, unit_name: str, uscc: str, leader_hash: str = "") -> dict[str, Any]:
    """What the register says about one unit and one leader, as facts for the policy engine.

    `legacy`: the unit's base of 2011–2020 with its state and assessment (N15, N16), of several a
    valid one that has passed before all others; `studios`: the
    valid studios that this leader holds anywhere (N26); `unit_keys`: every name and code under which
    the register knows the unit, so that a renamed unit is found again. Two queries at most.
    """
    first, last = legacy_years()
    of_unit = Q(uscc=uscc) | Q(unit_name=unit_name) | Q(former_names__contains=[uscc])
    bases = list(Title.objects.filter(of_unit, kind=Kind.BASE).order_by("id"))
    legacy = max((each for each in bases if first <= each.year <= last), key=_worth, default=None)
    studios = (
        Title.objects.filter(
            kind=Kind.STUDIO, leader_hash=leader_hash, state=TitleState.TITLED
        ).order_by("id")
        if leader_hash
        else []
    )
    return {
        "legacy": {
            "found": legacy is not None,
            "year": legacy.year if legacy else None,
            "status": legacy.state if legacy else "",
            "assessment": legacy.assessment if legacy else "",
        },
        "studios": [
            {"person": title.leader_hash, "units": names_of(title), "title": title.name}
            for title in studios
        ],
        "leader_key": leader_hash or None,
        "unit_keys": list(dict.fromkeys([uscc, unit_name, *chain(*map(names_of, bases))])),
    }


def _worth(title: Title) -> tuple[bool, bool, int]:
    return (
        title.state == TitleState.TITLED,
        title.assessment == Title.Assessment.PASSED,
        title.year,
    )


def barring(*, unit_name: str, uscc: str) -> Title | None:
    """The revoked title for which this unit may not apply today, under any of its names; one query."""
    keys = [key for key in (uscc, unit_name) if key]
    of_unit = Q(uscc__in=keys) | Q(unit_name__in=keys) | Q(former_names__has_any_keys=keys)
    rows = Title.objects.filter(of_unit, barred_until__gte=clock.today())
    return rows.order_by("-barred_until").first()


def names_of(title: Title) -> list[str]:
    """Every name and code under which the register knows the unit of this title."""
    return [name for name in (title.uscc, title.unit_name, *title.former_names) if name]


@dataclass(frozen=True)
class Meter:
    """Registered against the target of the notice (N01, N02)."""

    kind: Kind
    count: int
    target: int

    @property
    def label(self) -> str:
        return self.kind.label

    @property
    def percent(self) -> int:
        return self.count * 100 // self.target


def meters() -> list[Meter]:
    """Bases against 400 and studios against 500, over the years of the pack; two queries."""
    first, last = programme_years()
    rows = (
        Title.objects.filter(PUBLICLY_VALID, year__range=(first, last))
        .order_by()
        .values_list("kind")
        .annotate(n=Count("id"))
    )
    counts = Counter(dict(rows))
    return [
        Meter(kind, counts[kind.value], parameter(f"target.{kind.value}", LATEST)) for kind in Kind
    ]


def table() -> list[tuple[str, int, str, int]]:
    """(province, year, track, count) of the programme's own titles, for the national page."""
    first, last = programme_years()
    return list(
        Title.objects.filter(PUBLICLY_VALID, year__range=(first, last))
        .order_by("province", "year", "track")
        .values_list("province", "year", "track")
        .annotate(n=Count("id"))
    )


def title(title_id: int) -> Title:
    """One title of the public register. Raises `NotFound`."""
    found: Title | None = register().filter(pk=title_id).first()
    if found is None:
        raise NotFound("名录中没有这一项。")
    return found


def title_history(row: Title) -> list[Event]:
    """What the ledger says about a title, oldest first."""
    return list(Event.objects.filter(subject=row.subject).order_by("id"))


def subjects_about(row: Title) -> list[str]:
    """The ledger's names of everything that hangs on a title: claims, visits, findings, … One query.

    Whatever model has a foreign key to the title, or to a row that has one, is found by itself.
    """
    parts = [
        model._default_manager.filter(**{path: row.pk})
        .order_by()
        .values_list(Concat(Value(f"{kind}:"), Cast("pk", CharField())))
        for model, path, kind in _hanging()
    ]
    if not parts:
        return []
    rows = parts[0].union(*parts[1:], all=True) if len(parts) > 1 else parts[0]
    return [subject for (subject,) in rows]


def title_behind(subject: str) -> int | None:
    """The title on which the row behind a name in the ledger hangs; None when there is none."""
    kind, number = (*subject.split(":", 2), "")[:2]
    if not (number.isascii() and number.isdigit() and len(number) < 19):
        return None
    for model, path, own in _hanging():
        if own == kind:
            rows = model._default_manager.filter(pk=int(number))
            found: int | None = rows.values_list(path, flat=True).first()
            return found
    return None


@cache
def _hanging() -> list[tuple[type[Model], str, str]]:
    """(model, path to the title, kind of subject) of all that hangs on a title, directly or by one
    step more; a model that can be reached both ways counts once, by the shorter."""
    seen: dict[type[Model], str] = {}
    for near in Title._meta.related_objects:
        seen.setdefault(near.related_model, near.field.name)
    for model, path in list(seen.items()):
        for far in model._meta.related_objects:
            seen.setdefault(far.related_model, f"{far.field.name}__{path}")
    found = ((model, path, _kind_of(model)) for model, path in seen.items())
    return [(model, path, kind) for model, path, kind in found if kind and model is not Title]


def _kind_of(model: type[Model]) -> str:
    """The kind in the model's name in the ledger (`claim` of `claim:7`); "" when it has no name."""
    kind, _, number = str(getattr(model(pk=1), "subject", "")).partition(":")
    return kind if number == "1" else ""
