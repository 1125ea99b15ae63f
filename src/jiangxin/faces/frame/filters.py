"""Filters and functions that templates may use; pure but for `url` and `static`."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from functools import cache
from typing import Any
from urllib.parse import urlencode

from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from jiangxin.core.kernel import clock, money
from jiangxin.core.kernel.regions import PROVINCES, province_name
from jiangxin.core.policy.load import load_pack
from jiangxin.core.workflow import ProjectState, Role

from .addresses import path_of
from .icons import ICONS

NOTHING = "—"
NUMERALS = "零一二三四五六七八九十"

TONES = {
    "draft": "blue",
    "returned": "amber",
    "filing_returned": "amber",
    "void": "amber",
    "rectifying": "amber",
    "submitted": "blue",
    "with_recommender": "blue",
    "not_recommended": "red",
    "waiting": "blue",
    "sent_back": "amber",
    "under_review": "blue",
    "publicised": "blue",
    "published": "blue",
    "filed": "blue",
    "open": "blue",
    "scoring": "blue",
    "under_construction": "blue",
    "examined": "green",
    "confirmed": "green",
    "registered": "green",
    "accepted": "green",
    "paid": "green",
    "titled": "green",
    "rejected": "red",
    "not_selected": "grey",
    "revoked": "red",
    "in_acceptance": "blue",
    "claimed": "blue",
    "checked": "blue",
    "verified": "green",
    "approved": "green",
    "answered": "blue",
    "cleared": "green",
    "requested": "blue",
    "granted": "green",
    "refused": "red",
    "planned": "blue",
    "done": "green",
    "closed": "green",
    "applied": "blue",
    "scored": "blue",
    "concluded": "green",
    "ordered": "amber",
    "served": "amber",
    "passed": "green",
    "failed": "red",
    "expired": "red",
    "kept": "blue",
    "proposed": "blue",
    "noticed": "amber",
    "heard": "blue",
    "dismissed": "grey",
    "declined": "grey",
    "reported": "blue",
    "judged": "blue",
    "due": "amber",
    "overdue": "red",
    "unread": "amber",
    "read": "grey",
    "cancelled": "grey",
    "excellent": "green",
    "qualified": "green",
    "unqualified": "red",
}
VERDICTS = {
    "met": ("green", "check", "符合"),
    "not_met": ("red", "x", "不符合"),
    "unknown": ("amber", "hourglass", "待核实"),
}


def wan(fen: int | None) -> str:
    """分 as 万元 with two decimals, without the unit: 500000000 → '500.00'."""
    return NOTHING if fen is None else money.wan(fen)


def yuan(fen: int | None) -> str:
    """分 as 元 with two decimals, without the unit: 1234567 → '12,345.67'."""
    return NOTHING if fen is None else money.yuan(fen)


def day(value: date | None) -> str:
    """2025年10月31日."""
    return f"{value.year}年{value.month}月{value.day}日" if value else NOTHING


def long_day(value: date | None) -> str:
    """2025年10月31日（星期五）."""
    return clock.long_date(value) if value else NOTHING


def moment(value: datetime | None) -> str:
    """2025年10月31日（星期五）17:00, Beijing time."""
    return clock.long_moment(value) if value else NOTHING


def deadline(value: datetime | None) -> str:
    """2025年10月31日（星期五）24:00, Beijing time: until when something can be done."""
    return clock.long_deadline(value) if value else NOTHING


def short_moment(value: datetime | None) -> str:
    """10-31 17:00 for dense lists, Beijing time."""
    return f"{value.astimezone(clock.BEIJING):%m-%d %H:%M}" if value else NOTHING


def iso(value: date | datetime | None) -> str:
    """What `<time datetime>` and `<input type=date>` want."""
    return value.isoformat() if value else ""


def percent(share: float | None, digits: int = 1) -> str:
    """A share of one as a percentage: 0.905 → '90.5%'."""
    return NOTHING if share is None else f"{share * 100:.{digits}f}%"


def thousands(value: int | None) -> str:
    """12345 → '12,345'."""
    return NOTHING if value is None else f"{value:,}"


def role(value: str) -> str:
    """A role's Chinese name: members of enums reach a template as plain texts, without labels."""
    return Role(value).label


def project_state(value: str) -> str:
    """The Chinese name of a project's state."""
    return ProjectState(value).label


def tone(state: str) -> str:
    """The colour word of a state's code; grey for what has none."""
    return TONES.get(str(state), "grey")


def verdict(value: str) -> dict[str, str]:
    """Tone, icon and word of a verdict, given given as its code."""
    colour, name, word = VERDICTS[str(value)]
    return {"tone": colour, "icon": name, "word": word}


def clause_label(identifier: str) -> str:
    """The clause as officials cite it: '2.1.2.4' → '二（一）2（4）'; other text comes back as it is."""
    parts = str(identifier).split(".")
    if not all(part.isdigit() and 0 < int(part) <= 10 for part in parts) or len(parts) > 4:
        return str(identifier)
    first, *rest = [int(part) for part in parts]
    shapes: tuple[Callable[[int], str], ...] = (
        lambda n: f"（{NUMERALS[n]}）",
        str,
        lambda n: f"（{n}）",
    )
    return NUMERALS[first] + "".join(shape(n) for shape, n in zip(shapes, rest, strict=False))


def clause(identifier: str) -> dict[str, str]:
    """Label, text and source of a clause of the policy in force; a bare label when it is not of it."""
    pack = load_pack()
    found = pack.clauses.get(str(identifier))
    return {
        "label": clause_label(identifier),
        "text": found.text if found else "",
        "source": pack.title if found else "",
    }


def inputs(values: Mapping[str, Any], name: str) -> list[str]:
    """What stands in the inputs called `name`: values come as texts, or as POSTed lists of texts."""
    value = values.get(name)
    if value is None:
        return []
    return [str(each) for each in value] if isinstance(value, list | tuple) else [str(value)]


def row_numbers(values: Mapping[str, Any], key: str, least: int = 1) -> list[int]:
    """The numbers of the rows of table `key` among inputs `key-NUMBER-column`, at least `least`."""
    prefix = f"{key}-"
    found = {
        int(part)
        for name in values
        if name.startswith(prefix) and (part := name.removeprefix(prefix).split("-")[0]).isdigit()
    }
    number = max(found, default=-1)
    while len(found) < least:
        number += 1
        found.add(number)
    return sorted(found)


def options(choices: Iterable[Any]) -> list[dict[str, str]]:
    """Choices as value and label: given as pairs, as texts, or as members with a `label`."""
    return [
        {"value": str(each[0]), "label": str(each[1])}
        if isinstance(each, tuple)
        else {"value": str(each), "label": str(getattr(each, "label", each))}
        for each in choices
    ]


def icon(name: str) -> SafeString:
    """An inline drawing that takes the text's size and colour; hidden from screen readers."""
    return mark_safe(  # noqa: S308  (only our own drawings)
        '<svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">'
        f'<path d="{ICONS[name]}"/></svg>'
    )


@cache
def static_file(path: str) -> SafeString:
    """The address of a static file; with its hash where files are collected."""
    return mark_safe(static(path))  # noqa: S308 -- quoted by the storage


def url(name: str, *args: Any, **kwargs: Any) -> SafeString:
    """The address of a named view."""
    return mark_safe(path_of(name, *args, **kwargs))  # noqa: S308 -- quoted by the resolver


def query(parameters: Mapping[str, Any]) -> str:
    """`?a=1&b=2` from a mapping; empty values are left out; lists repeat their key."""
    kept = {key: value for key, value in parameters.items() if value not in ("", None, [], ())}
    return "?" + urlencode(kept, doseq=True)


def attributes(pairs: Mapping[str, Any]) -> SafeString:
    """HTML attributes from a mapping: true stands alone, false and none are left out."""
    written = [
        format_html(" {}", key) if value is True else format_html(' {}="{}"', key, value)
        for key, value in pairs.items()
        if value is not False and value is not None and value != ""
    ]
    return SafeString("".join(written))


FILTERS: dict[str, Callable[..., Any]] = {
    "wan": wan,
    "yuan": yuan,
    "date": day,
    "long_date": long_day,
    "moment": moment,
    "deadline": deadline,
    "short_moment": short_moment,
    "iso": iso,
    "percent": percent,
    "thousands": thousands,
    "role": role,
    "project_state": project_state,
    "tone": tone,
    "verdict": verdict,
    "clause": clause,
    "clause_label": clause_label,
    "inputs": inputs,
    "row_numbers": row_numbers,
    "options": options,
    "province": province_name,
    "attributes": attributes,
}
GLOBALS: dict[str, Any] = {
    "url": url,
    "static": static_file,
    "icon": icon,
    "query": query,
    "provinces": [province._asdict() for province in PROVINCES],
}
