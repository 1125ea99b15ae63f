"""What the pages of fund accounts choose from."""

from typing import NamedTuple

from jiangxin.stages.programme.queries import pack

OTHER = "other"  # a use that the notice does not name; it needs a reason and raises a flag (4.5)


def uses(kind: str) -> dict[str, str]:
    """The uses that the notice names for a base or a studio, and 其他."""
    return {**pack().money["uses"][kind]["categories"], OTHER: "其他"}


def all_uses() -> dict[str, str]:
    """The uses of both kinds together."""
    return {**uses("base"), **uses("studio")}


class Rule(NamedTuple):
    """What raises a flag, as the policy pack has it."""

    key: str
    kind: str
    kind_label: str
    title: str
    answers: str
    sources: tuple[str, ...]
    by_hand: bool
    payees: tuple[str, ...]


def rules() -> dict[str, Rule]:
    """Every rule by its key, in the order of the pack."""
    money = pack().money
    return {
        key: Rule(
            key=key,
            kind=data["kind"],
            kind_label=money["flags"][data["kind"]],
            title=data["title"],
            answers=data["answers"],
            sources=tuple(data["sources"]),
            by_hand=data.get("by_hand", False),
            payees=tuple(data.get("payees", ())),
        )
        for key, data in money["flag_rules"]["rules"].items()
    }


def flag_kinds() -> dict[str, str]:
    """挤占, 挪用, 截留, and vouchers that need a look."""
    return dict(pack().money["flags"])
