"""Which occupations the programme's valid titles serve, province by province (N04)."""

from typing import Any

from django.db.models import CharField, Count, F, Func, JSONField, Q, QuerySet, TextField, Value
from django.db.models.functions import Cast, Concat

from jiangxin.stages.programme.queries import pack
from jiangxin.stages.programme.tracks import Track
from jiangxin.stages.titles.models import Title
from jiangxin.stages.titles.queries import PUBLICLY_VALID, programme_years

from .models import Application


class _JsonPath(TextField):
    """The type of a JSON path."""

    def db_type(self, connection: object) -> str:  # noqa: ARG002
        return "jsonpath"


class _Texts(Func):
    """One row for each text of a JSON array."""

    function = "jsonb_array_elements_text"
    set_returning = True
    output_field = TextField()


class _Picked(Func):
    """What a JSON path finds in the answers, as an array; nothing, where the answer is missing."""

    function = "jsonb_path_query_array"
    output_field = JSONField()


class _Joined(Func):
    template = "(%(expressions)s)"
    arg_joiner = " || "
    output_field = JSONField()


def occupation_counts() -> dict[tuple[str, str], int]:
    """(province, occupation) → valid titles of the programme that serve it.

    A title counts once for each occupation that its registered application names: a base for those
    of its table, a studio for its leader's. Nothing else of an application is read, and no
    application that has no valid title. One query, reckoned in the database.
    """
    rows = _served().values_list("province", "occupation").annotate(n=Count("pk", distinct=True))
    return {(province, code): count for province, code, count in rows if code}


def covered(province: str) -> set[str]:
    """The priority fields and the occupations of a province's valid titles of the programme, by
    their keys and codes; one query."""
    fields = Title.objects.filter(_valid(), province=province).order_by()
    named = _served().filter(province=province).values_list("occupation")
    return {key for (key,) in fields.values_list("priority_field").union(named)}


def _valid() -> Q:
    return PUBLICLY_VALID & Q(year__range=programme_years())


def _served() -> QuerySet[Any, Any]:
    """A row for each application behind a valid title and each `occupation` that it names."""
    named = Title.objects.filter(_valid(), origin__startswith="project:")
    subject = Concat(Value("project:"), Cast("pk", CharField()))
    picked = [_Picked(F("answers"), Cast(Value(path), _JsonPath())) for path in _paths()]
    return (
        Application.objects.annotate(name_in_register=subject)
        .filter(name_in_register__in=named.values("origin"))
        .order_by()
        .annotate(occupation=_Texts(_Joined(*picked)))
    )


def occupations_of(project: Application) -> set[str]:
    """The occupations that one application names, as `occupation_counts` reads them; no query."""
    found: list[Any] = []
    for key, column in _questions():
        answer = project.answers.get(key)
        rows = answer if column and isinstance(answer, list) else []
        found += [row.get(column) for row in rows if isinstance(row, dict)]
        found += [] if column else [answer]
    return {code for code in found if isinstance(code, str) and code}


def _paths() -> list[str]:
    """The JSON paths of all questions of the forms that are answered by an occupation."""
    return [f'$."{key}"' + (f'[*]."{column}"' if column else "") for key, column in _questions()]


def _questions() -> list[tuple[str, str]]:
    """Those questions: key, and the column where the answer is a table; "" where it is none."""
    found: dict[tuple[str, str], None] = {}
    for track in Track:
        for _, field in pack().form(track).fields():
            if field.kind == "occupation":
                found[field.key, ""] = None
            for column in field.columns:
                if column.kind == "occupation":
                    found[field.key, column.key] = None
    return list(found)
