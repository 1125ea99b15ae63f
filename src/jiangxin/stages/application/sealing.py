"""Personal numbers inside a form are kept encrypted; the page shows them masked."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from jiangxin.core.kernel.identifiers import keyed_hash, mask, narrow
from jiangxin.core.policy import Field, Form, is_raw
from jiangxin.records.identity.secrets import hash_key, open_sealed, seal

SEALED_KINDS = ("id_number",)


def is_sealed(value: Any) -> bool:
    """Whether this answer is a personal number under its seal."""
    return isinstance(value, dict) and "sealed" in value


def unmasked(
    fields: Iterable[Field], data: Mapping[str, Sequence[str]], kept: Mapping[str, Any]
) -> dict[str, Sequence[str]]:
    """What was POSTed, with the mask that the page showed turned back into the number it stands for."""
    out = dict(data)
    for field in fields:
        former = kept.get(field.key)
        if not isinstance(former, dict) or field.kind not in SEALED_KINDS:
            continue
        if out.get(field.key) == [former.get("mask")]:
            out[field.key] = [open_sealed(former["sealed"])]
    return out


def seal_answers(
    fields: Iterable[Field], answers: Mapping[str, Any], kept: Mapping[str, Any]
) -> dict[str, Any]:
    """`answers` with every personal number as {"sealed", "mask", "hash"}.

    A text that cannot be one is sealed too, as {"sealed", "mask", "wrong"}. The same number as in
    `kept` keeps its seal, so that an unchanged form stays the same to the byte.
    """
    out = dict(answers)
    for field in fields:
        value = out.get(field.key)
        if field.kind not in SEALED_KINDS or not value:
            continue
        if is_raw(value):
            text = str(value["raw"])
            out[field.key] = {"sealed": seal(text), "mask": mask(text), "wrong": True}
        else:
            number = narrow(str(value))
            known, former = keyed_hash(number, hash_key()), kept.get(field.key)
            same = isinstance(former, dict) and former.get("hash") == known
            fresh = {"sealed": seal(number), "mask": mask(number), "hash": known}
            out[field.key] = former if same else fresh
    return out


def masks(answers: Mapping[str, Any]) -> dict[str, str]:
    """The masks of the personal numbers that could be read; a wrong one has to be seen to be mended."""
    return {
        key: value["mask"]
        for key, value in answers.items()
        if is_sealed(value) and not value.get("wrong")
    }


def shown_answers(answers: Mapping[str, Any]) -> dict[str, Any]:
    """The same answers as a page may show them: masks instead of numbers."""
    return {key: value["mask"] if is_sealed(value) else value for key, value in answers.items()}


def opened_answers(form: Form, answers: Mapping[str, Any]) -> dict[str, Any]:
    """The same answers with personal numbers in clear, for validation inside the process only."""
    return {key: _opened(value) if is_sealed(value) else value for key, value in answers.items()}


def _opened(value: Mapping[str, Any]) -> Any:
    text = open_sealed(value["sealed"])
    return {"raw": text} if value.get("wrong") else text
