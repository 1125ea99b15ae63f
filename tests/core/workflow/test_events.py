"""No event of the ledger is without a name: read out of the source, so that none can be forgotten."""

import ast
from collections.abc import Iterator
from pathlib import Path

import jiangxin
from jiangxin.core.workflow import event_label
from jiangxin.core.workflow.events import OTHERS, STEPS

SOURCE = Path(jiangxin.__file__).parent
# Types that are put together from parts: every value that the part can have.
PARTS = {
    "examination.": {"accepted", "carried_over"},
    "expert.": {"activated", "suspended", "removed"},
    "acceptance_sheet.conflict_": {"declared", "denied"},
}


def texts(node: ast.expr, names: dict[str, str]) -> Iterator[str]:
    """The texts that an expression may have."""
    if isinstance(node, ast.Constant):
        yield str(node.value)
    elif isinstance(node, ast.IfExp):
        yield from texts(node.body, names)
        yield from texts(node.orelse, names)
    elif isinstance(node, ast.Name) and node.id in names:
        yield names[node.id]
    elif isinstance(node, ast.JoinedStr) and isinstance(node.values[0], ast.Constant):
        prefix = str(node.values[0].value)
        assert prefix in PARTS, f"{prefix}… is put together: list its parts here"
        yield from (prefix + part for part in PARTS[prefix])


def appended() -> Iterator[tuple[str, str]]:
    """(file, type) of every `append(type=…)` in the records and the stages."""
    for file in sorted([*SOURCE.glob("records/**/*.py"), *SOURCE.glob("stages/**/*.py")]):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        names = {
            target.id: str(node.value.value)
            for node in tree.body
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call):
                continue
            called = node.func.attr if isinstance(node.func, ast.Attribute) else None
            called = node.func.id if isinstance(node.func, ast.Name) else called
            for keyword in node.keywords:
                if called == "append" and keyword.arg == "type":
                    for text in texts(keyword.value, names):
                        yield file.name, text


def test_every_event_that_the_source_appends_has_a_name() -> None:
    found = set(appended())
    assert len(found) > 30
    nameless = {(file, type) for file, type in found if type not in OTHERS and type not in STEPS}
    assert nameless == set()


def test_what_has_no_name_never_shows_its_type() -> None:
    assert event_label("claim.unheard_of") == "分类分档：其他记录"
    assert event_label("unheard.of") == "其他记录"
    assert not set(OTHERS) & set(STEPS), "one name for one event"
