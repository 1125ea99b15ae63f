"""What a request must say, by its kind."""

from dataclasses import dataclass, field

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import Invalid
from jiangxin.core.kernel.identifiers import keyed_hash, mask, read_id_number, read_uscc
from jiangxin.records.identity.secrets import hash_key
from jiangxin.stages.programme.models import Kind
from jiangxin.stages.programme.queries import pack
from jiangxin.stages.titles.models import Title

from .choices import ASKED, ChangeKind

REASON = 2000
LONGEST = {
    "leader_name": ("新带头人姓名", 40),
    "leader_grounds": ("绝技绝活或其他说明", 1000),
    "unit_name": ("新单位名称", 120),
    "title_name": ("新项目名称", 200),
}


@dataclass(frozen=True)
class Wanted:
    """What a person typed; only what the kind asks for is read."""

    leader_name: str = ""
    leader_id_number: str = field(default="", repr=False)
    leader_level: str = ""
    leader_grounds: str = ""
    unit_name: str = ""
    uscc: str = ""
    title_name: str = ""


def read_kind(kind: str, title: Title) -> ChangeKind:
    """The kind. Raises `Invalid` for none, and for a leader of what has none."""
    if kind not in ChangeKind.values:
        raise Invalid("请选择变更事项。", field="kind")
    found = ChangeKind(kind)
    if found is ChangeKind.LEADER and title.kind != Kind.STUDIO:
        raise Invalid(
            "只有技能大师工作室有带头人。",
            remedy="请选择其他变更事项。",
            clause="2.2",
            field="kind",
        )
    return found


def read_reason(reason: str, *, clause: str = "2.2", label: str = "变更理由") -> str:
    """The reason. Raises `Invalid` when it is empty or too long."""
    clean = reason.replace("\0", "").strip()
    if not clean:
        raise Invalid(f"请写明{label}。", clause=clause, field="reason")
    if len(clean) > REASON:
        raise Invalid(f"{label}最多 {REASON} 字。", field="reason")
    return clean


def read_wanted(kind: ChangeKind, title: Title, wanted: Wanted) -> dict[str, str]:
    """The fields of the request. Raises `Invalid` naming the field that cannot be accepted."""
    texts = {name: _text(name, getattr(wanted, name)) for name in ASKED[kind] if name in LONGEST}
    if kind is ChangeKind.LEADER:
        texts |= _leader(title, wanted, texts)
    if kind is ChangeKind.RENAMING and texts["unit_name"] in ("", title.unit_name):
        raise Invalid("请填写与现在不同的单位名称。", field="unit_name")
    if kind is ChangeKind.MERGER:
        texts |= _new_unit(title, wanted, texts)
    return texts


def _text(name: str, value: str) -> str:
    label, longest = LONGEST[name]
    clean = value.strip()
    if len(clean) > longest:
        raise Invalid(f"{label}最多 {longest} 字。", field=name)
    if not clean.replace("\n", "").replace("\r", "").isprintable():
        raise Invalid(f"{label}中有不能显示的字符，请重新填写。", field=name)
    return clean


def _leader(title: Title, wanted: Wanted, texts: dict[str, str]) -> dict[str, str]:
    """Hash and mask of the new leader's number, and the level (2.2)."""
    if not texts["leader_name"]:
        raise Invalid("请填写新带头人姓名。", field="leader_name")
    try:
        number = read_id_number(wanted.leader_id_number)
    except Invalid as error:
        raise Invalid(error.message, remedy=error.remedy, field="leader_id_number") from None
    known = keyed_hash(number, hash_key())
    if known == title.leader_hash:
        raise Invalid("新带头人就是现在的带头人。", field="leader_id_number")
    levels, level = pack().levels, wanted.leader_level
    if level not in levels:
        raise Invalid("请选择新带头人的技能等级。", clause="2.2", field="leader_level")
    least = levels[str(pack().value("studio.leader_level", clock.today()))]
    if levels[level].rank < least.rank and not texts["leader_grounds"]:
        raise Invalid(
            f"带头人一般应具备{least.name}以上等级。",
            remedy="身怀绝技绝活、从事传统技艺传承的，请写明情况。",
            clause="2.2",
            field="leader_grounds",
        )
    return {"leader_hash": known, "leader_mask": mask(number), "leader_level": level}


def _new_unit(title: Title, wanted: Wanted, texts: dict[str, str]) -> dict[str, str]:
    if not texts["unit_name"]:
        raise Invalid("请填写接收单位名称。", field="unit_name")
    code, _ = read_uscc(wanted.uscc)
    if code == title.uscc:
        raise Invalid(
            "统一社会信用代码没有变化。", remedy="只改名称的，请选择“单位更名”。", field="uscc"
        )
    return {"uscc": code}
