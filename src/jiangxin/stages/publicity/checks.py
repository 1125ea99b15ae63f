"""What a notice and an objection must be before they are kept or published."""

from jiangxin.core.kernel.errors import Invalid
from jiangxin.stages.programme.queries import parameter

from .models import Notice, Objection
from .privacy import refuse_leaks
from .queries import accepts_anonymous

TEXTS = {
    "title": ("标题", 200),
    "doc_number": ("文号", 60),
    "text": ("正文", 4000),
    "contact": ("受理单位及联系方式", 200),
}
MOST_DAYS = 60
PUBLISHED = {"title": "项目名称", "unit": "建设单位", "leader": "带头人"}
OBJECTION_LETTERS = 2000


def check_notice(row: Notice) -> None:
    """Raises `Invalid` for a text that is missing or too long, and for too few working days."""
    for name, (label, longest) in TEXTS.items():
        text = getattr(row, name)
        if name != "doc_number" and not text.strip():
            raise Invalid(f"请填写{label}。", field=name)
        if len(text) > longest:
            raise Invalid(f"{label}最多 {longest} 字。", field=name)
    least = max(parameter("publicity.working_days", row.call.year), row.call.publicity_days)
    if row.days < least:
        raise Invalid(f"公示不少于 {least} 个工作日。", clause="3.2", field="days")
    if row.days > MOST_DAYS:
        raise Invalid(f"公示最多 {MOST_DAYS} 个工作日。", field="days")


def require_clean(row: Notice) -> None:
    """Raises `Invalid` naming every piece of personal data, its place and its mask."""
    texts = {label: getattr(row, name) for name, (label, _) in TEXTS.items()}
    for number, item in enumerate(row.items, start=1):
        for name, label in PUBLISHED.items():
            texts[f"名单第 {number} 项的{label}"] = item[name]
    refuse_leaks(texts, remedy="请删去后重新会商再发布；名单中的内容须由单位更正。", clause="3.2")


def check_objection(row: Notice, ground: str, text: str, application_id: int | None) -> None:
    """Raises `Invalid` for a ground, text or project that cannot be."""
    if ground not in Objection.Ground.values:
        raise Invalid("请选择异议事由。", field="ground")
    if not 10 <= len(text) <= OBJECTION_LETTERS:
        raise Invalid(
            f"请写明异议内容和依据，10 到 {OBJECTION_LETTERS} 字；现有 {len(text)} 字。",
            field="text",
        )
    if application_id is not None and application_id not in {i["application"] for i in row.items}:
        raise Invalid("请选择公示名单中的项目。", field="application")


def check_person(row: Notice, name: str, contact: str) -> None:
    """Raises `Invalid` without name or contact."""
    otherwise = (
        "不愿具名的，请勾选“匿名提出”。"
        if accepts_anonymous(row)
        else "只受理实名异议；姓名和联系方式加密保存，不公开。"
    )
    for field, value, label in (("name", name, "姓名"), ("contact", contact, "联系方式")):
        if not value:
            raise Invalid(f"请填写{label}。", remedy=otherwise, field=field)
        if len(value) > 100:
            raise Invalid(f"{label}最多 100 字。", field=field)
