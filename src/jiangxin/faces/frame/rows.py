"""Adding and removing rows of a form's table when the browser runs no script."""

from collections.abc import Mapping

from .filters import row_numbers

ADD, REMOVE = "_add", "_remove"


def asked(post: Mapping[str, object]) -> bool:
    """Whether the form was sent by one of the buttons that add or remove a row."""
    return ADD in post or REMOVE in post


def change(values: Mapping[str, list[str]]) -> dict[str, list[str]]:
    """The POSTed inputs after what `_add` (a table's key) or `_remove` (`key-ROW`) asks for.

    An added row has one empty input, so that the table shows it. Other inputs stay as they were.
    """
    kept = {name: list(texts) for name, texts in values.items() if name not in (ADD, REMOVE)}
    for row in values.get(REMOVE, []):
        kept = {name: texts for name, texts in kept.items() if not name.startswith(f"{row}-")}
    for key in values.get(ADD, []):
        numbers = row_numbers(values, key)
        kept[f"{key}-{numbers[-1] + 1}-"] = [""]
    return kept
