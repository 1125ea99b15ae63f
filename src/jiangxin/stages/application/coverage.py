"""Which occupations the programme's valid titles serve, province by province (N04)."""

from django.db.models import CharField, Count, F, Func, JSONField, TextField, Value
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
    first, last = programme_years()
    named = Title.objects.filter(
        PUBLICLY_VALID, year__range=(first, last), origin__startswith="project:"
    )
    subject = Concat(Value("project:"), Cast("pk", CharField()))
    picked = [_Picked(F("answers"), Cast(Value(path), _JsonPath())) for path in _paths()]
    rows = (
        Application.objects.annotate(name_in_register=subject)
        .filter(name_in_register__in=named.values("origin"))
        .order_by()
        .annotate(occupation=_Texts(_Joined(*picked)))
        .values_list("province", "occupation")
        .annotate(n=Count("pk", distinct=True))
    )
    return {(province, code): count for province, code, count in rows if code}


def _paths() -> list[str]:
    """The JSON paths of all questions of the forms that are answered by an occupation."""
    found: dict[str, None] = {}
    for track in Track:
        for _, field in pack().form(track).fields():
            if field.kind == "occupation":
                found[f'$."{field.key}"'] = None
            for column in field.columns:
                if column.kind == "occupation":
                    found[f'$."{field.key}"[*]."{column.key}"'] = None
    return list(found)
