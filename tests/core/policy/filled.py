"""Filled forms: what units that meet everything would type, as answers and evidence."""

from typing import Any

from jiangxin.core.policy import Field, Form, Section

SPECIAL = {
    "unit_name": "示例技师学院",
    "unit_code": "91350100M000100Y43",
    "leader_id_number": "11010519491231002X",
    "leader_level": "senior_technician",
    "is_national_leader": False,
    "leader_route": "level_route",
    "capacity": 2000,
    "plan_start": "2024-01-01",
    "plan_end": "2025-12-31",
    "legacy_year": 2014,
    "teachers_full_time": 30,
    "teachers_dual": 20,
    "leader_birth": "1980-01-01",
    "priority_field": "advanced_manufacturing",
}
PLAIN: dict[str, Any] = {
    "text": "文字",
    "longtext": "文字",
    "integer": 5,
    "money": 1_000_000,
    "date": "2024-01-31",
    "year": 2023,
    "quarter": "2024-06-30",
    "yesno": True,
    "attest": True,
    "uscc": "91350100M000100Y43",
    "phone": "01012345678",
    "email": "a@b.cn",
}
TRAINING = {
    "trained": 3000,
    "high_skilled": 1000,
    "examined": 2000,
    "passed": 1800,
    "asked_enterprises": 50,
}
TRAINING |= {"satisfied_enterprises": 45, "asked_workers": 1000, "satisfied_workers": 900}
CODES = ("6-18-01-01", "6-18-01-02", "6-18-02-04", "6-31-01-03", "4-12-01-01")


def filled(form: Form) -> tuple[dict[str, Any], dict[str, int]]:
    """Answers and evidence with which the form is complete and every condition can be met."""
    answers = {
        field.key: _answer(section, field) for section, field in form.fields() if _given(field)
    }
    return answers, {field.key: 1 for _, field in form.fields() if field.evidence == "required"}


def _given(field: Field) -> bool:
    return not field.computed and field.key not in ("penalties", "craft_statement")


def _answer(section: Section, field: Field) -> Any:
    if field.key in SPECIAL:
        return SPECIAL[field.key]
    if field.kind in ("choice", "level", "occupation"):
        return field.options[0].value
    if field.kind == "multichoice":
        return [field.options[0].value]
    if field.kind != "table":
        return PLAIN[field.kind]
    count = {"training": 3, "occupations": 5, "activities": 4, "performance_goals": 3}.get(
        field.key, max(field.min_rows, 1)
    )
    return [_row(section, field, number) for number in range(count)]


def _row(section: Section, field: Field, number: int) -> dict[str, Any]:
    row = {column.key: _answer(section, column) for column in field.columns if column.required}
    if field.key == "training":
        return {**TRAINING, "year": 2021 + number}
    if field.key == "occupations":
        row["occupation"] = CODES[number]
    if field.key == "performance_goals":
        row["group"] = ("output", "benefit", "satisfaction")[number]
        row["subgroup"] = ("quantity", "social", "served")[number]
    if field.key == "activities":
        row["kind"] = ("training", "study", "problem_solving", "exchange")[number]
    return row
