"""From a filled form to the facts that the conditions read."""

import re
from collections.abc import Mapping
from typing import Any

from .completeness import computed_values
from .forms import Field, Form
from .reading import is_raw
from .values import rows

_SEPARATORS = re.compile(r"[\s、，,；;]+")


def facts_from(
    form: Form,
    answers: Mapping[str, Any],
    evidence: Mapping[str, int],
    *,
    registers: Mapping[str, Any],
) -> dict[str, Any]:
    """Facts under the field keys, computed ones included; what could not be read is left out.

    `registers` is what the caller looked up and adds to the facts as it is:
    `legacy` `{"found": bool, "year": int, "status": str, "assessment": str}`;
    `studios` `[{"person": str, "units": [str], "title": str}]` over the whole nation;
    `leader_key` when the register keeps another key of the person than the ID number;
    `unit_keys` names and codes of the unit beyond those in the form;
    `examined` `{norm: "met" | "not_met"}` and `exceptions` `{norm: reason}` set by officials.
    """
    read = {each.key: _read(each, answers.get(each.key)) for _, each in form.fields()}
    facts = {key: value for key, value in read.items() if value is not None}
    facts.update(computed_values(form, facts))
    facts["evidence"] = dict(evidence)
    own = [facts[key] for key in ("unit_name", "unit_code") if key in facts]
    own += [name for name in _SEPARATORS.split(facts.get("unit_former_names", "")) if name]
    if "leader_id_number" in facts:
        facts["leader_key"] = facts["leader_id_number"]
    given = {key: value for key, value in registers.items() if value is not None}
    facts.update(given)
    facts["unit_keys"] = list(dict.fromkeys([*own, *registers.get("unit_keys", ())]))
    return facts


def _read(field: Field, value: Any) -> Any:
    if is_raw(value):
        return None
    if field.kind == "table" and value is not None:
        return [
            {key: cell for key, cell in row.items() if not is_raw(cell)}
            for row in rows(value) or []
        ]
    return value
