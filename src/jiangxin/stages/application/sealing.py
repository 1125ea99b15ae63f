"""Personal numbers inside a form are kept encrypted; the page shows them masked."""

from collections.abc import Iterable, Mapping
from typing import Any

from jiangxin.core.kernel.identifiers import keyed_hash, mask, narrow
from jiangxin.core.policy import Field, Form
from jiangxin.records.identity.secrets import hash_key, open_sealed, seal

SEALED_KINDS = ("id_number",)


def seal_answers(
    fields: Iterable[Field], answers: Mapping[str, Any], kept: Mapping[str, Any]
) -> dict[str, Any]:
    """`answers` with every personal number as {"sealed", "hash", "mask"}.

    A number that comes back as the mask which the page showed keeps its former value from `kept`.
    """
    out = dict(answers)
    for field in fields:
        value = out.get(field.key)
        if field.kind not in SEALED_KINDS or not isinstance(value, str) or not value:
            continue
        former = kept.get(field.key)
        if isinstance(former, dict) and value == former["mask"]:
            out[field.key] = former
        else:
            number = narrow(value)
            out[field.key] = {
                "sealed": seal(number),
                "hash": keyed_hash(number, hash_key()),
                "mask": mask(number),
            }
    return out


def shown_answers(answers: Mapping[str, Any]) -> dict[str, Any]:
    """The same answers as a page may show them: masks instead of numbers."""
    return {
        key: value["mask"] if isinstance(value, dict) and "sealed" in value else value
        for key, value in answers.items()
    }


def opened_answers(form: Form, answers: Mapping[str, Any]) -> dict[str, Any]:
    """The same answers with personal numbers in clear, for validation inside the process only."""
    return {
        key: open_sealed(value["sealed"])
        if isinstance(value, dict) and "sealed" in value
        else value
        for key, value in answers.items()
    }
