"""What has happened to a title, in words: the same for the public and for officials."""

from collections.abc import Iterable
from typing import Any

from jiangxin.core.workflow import event_label

CHANGES = {"leader": "带头人变更", "renaming": "单位更名", "merger": "建设单位变更"}


def shown_events(events: Iterable[Any]) -> list[dict[str, Any]]:
    """Each event as label, at, note and leaf; a note names units only, never a person."""
    return [
        {"label": _label(each), "at": each.at, "note": _note(each), "leaf": each.leaf}
        for each in events
    ]


def _label(event: Any) -> str:
    if event.type == "title.changed" and event.payload.get("kind") in CHANGES:
        return CHANGES[event.payload["kind"]]
    return event_label(event.type)


def _note(event: Any) -> str:
    before, after = event.payload.get("from", ""), event.payload.get("to", "")
    if event.type != "title.changed" or not (before and after):
        return ""
    return f"由“{before}”变更为“{after}”"
