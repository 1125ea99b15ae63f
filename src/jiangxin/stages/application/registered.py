"""What a unit told at registration is not asked again: it stands in its form from the start."""

from collections.abc import Mapping, Sequence
from typing import Any

from jiangxin.core.policy import Form, Section, is_raw, parse_section
from jiangxin.records.identity.models import Organisation

# Field of the form → column of the unit. Who applies is the registered unit, so nobody types that.
LOCKED = {"unit_name": "name", "unit_code": "uscc"}
OFFERED = {"address": "address", "contact_name": "contact", "contact_phone": "phone"}


def first_answers(form: Form, unit: Organisation) -> dict[str, Any]:
    """The answers with which a new draft of `unit` begins; what the form would not take stays out."""
    data = _texts(LOCKED | OFFERED, unit)
    answers: dict[str, Any] = {}
    for section in form.sections:
        answers |= parse_section(section, data).answers
    return {key: value for key, value in answers.items() if not is_raw(value)}


def with_locked(
    section: Section, data: Mapping[str, Sequence[str]], unit: Organisation
) -> dict[str, Sequence[str]]:
    """What was POSTed for `section`, with the unit's own name and code whatever was sent for them."""
    asked = {key: column for key, column in LOCKED.items() if section.field(key)}
    return {**data, **_texts(asked, unit)}


def _texts(columns: Mapping[str, str], unit: Organisation) -> dict[str, list[str]]:
    return {key: [text] for key, column in columns.items() if (text := getattr(unit, column))}
