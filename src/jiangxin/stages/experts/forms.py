"""What was typed about an expert, as values; shared by pages and whoever else edits the pool."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from jiangxin.core.kernel.errors import DomainError, Invalid

from .models import Expert

TEXTS = {"name": 40, "unit_name": 120, "unit_uscc": 40, "title": 60, "phone": 30, "email": 254}


def read_expert(
    typed: Mapping[str, str], occupations: list[str]
) -> tuple[dict[str, Any], list[DomainError]]:
    """The editable fields of an expert out of inputs, and one `Invalid` for each that makes no sense.

    `typed` has the keys of `values_of`; `occupations` are codes, each possibly followed by its name.
    """
    problems: list[DomainError] = []
    fields: dict[str, Any] = {name: typed.get(name, "").strip() for name in TEXTS}
    problems += [
        Invalid(f"最多 {longest} 字。", field=name)
        for name, longest in TEXTS.items()
        if len(fields[name]) > longest
    ]
    fields["field"] = typed.get("field", "")
    fields["occupations"] = [text.split()[0] for text in occupations if text.strip()]
    for name, label in (("term_until", "聘期至"), ("trained", "最近培训日期")):
        try:
            fields[name] = read_date(typed.get(name, ""), label, name)
        except Invalid as problem:
            problems.append(problem)
    return fields, problems


def read_date(text: str, label: str, field: str) -> date | None:
    """A date out of an input of kind date; None for an empty one. Raises `Invalid`."""
    if not text.strip():
        return None
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise Invalid(f"{label}不是日期。", remedy="例如 2027-12-31。", field=field) from None


def values_of(expert: Expert) -> dict[str, Any]:
    """What stands in the inputs for a stored expert."""
    values: dict[str, Any] = {name: getattr(expert, name) for name in (*TEXTS, "field")}
    values["occupations"] = list(expert.occupations)
    for name in ("term_until", "trained"):
        stored = getattr(expert, name)
        values[name] = stored.isoformat() if stored else ""
    return values
