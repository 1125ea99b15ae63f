"""Is a pack whole? Every norm used, every number cited and dated, every case as it should be."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from ..scoring.examples import faults
from .cases import run_case
from .conditions import Condition
from .floor import check_overlay
from .forms import SOURCES, Field
from .occupations import CODE
from .pack import Pack
from .verdict import Verdict

NORM_KINDS = frozenset("TEQDPRMSA")
LEAST_HELP = 5  # letters; shorter is no explanation
WAYS = frozenset({"enforced", "computed", "reported"})
PLACES = frozenset(
    {"track", "form", "parameter", "stage", "money", "rubric", "overlay", "draw", "face", "list"}
)


def check_pack(pack: Pack) -> list[str]:
    """What is wrong with the pack, in Chinese; an empty list when it is whole."""
    return [
        *_norms(pack),
        *_parameters(pack),
        *_tracks(pack),
        *_forms(pack),
        *_occupations(pack),
        *_names(pack),
        *_money(pack),
        *_checklists(pack),
        *_rubrics(pack),
        *_overlays(pack),
        *(wrong for case in pack.cases for wrong in run_case(pack, case)),
    ]


def _norms(pack: Pack) -> Iterator[str]:
    reached = {one.norm for key in pack.tracks for one in pack.requirements(key)}
    for norm in pack.norms.values():
        if norm.clause not in pack.clauses:
            yield f"规范 {norm.id} 引用的条款“{norm.clause}”不存在。"
        if norm.kind not in NORM_KINDS or norm.how not in WAYS:
            yield f"规范 {norm.id} 的 kind 或 how 不对。"
        if not norm.where:
            yield f"规范 {norm.id} 没有在任何地方落实。"
        if norm.kind == "E" and norm.id not in reached:
            yield f"资格规范 {norm.id} 没有被任何申报类别引用。"
        yield from (
            f"规范 {norm.id}：{wrong}" for place in norm.where if (wrong := _place(pack, place))
        )


def _place(pack: Pack, place: str) -> str:
    """What is wrong with a place: those inside the pack must exist."""
    area, _, name = place.partition(":")
    known = {
        "track": set(pack.tracks),
        "parameter": {each.name for each in pack.parameters},
        "form": {
            f"{key}.{field.key}" for key, form in pack.forms.items() for _, field in form.fields()
        },
        "money": {f"uses.{key}" for key in pack.money["uses"]} | {"tiers", "sources", "flags"},
        "list": set(pack.choices),
        "rubric": set(pack.rubrics) | {"all"},
    }
    if area not in PLACES or not name:
        return f"位置“{place}”的写法不对。"
    if area in known and name not in known[area]:
        return f"位置“{place}”不存在。"
    return ""


def _parameters(pack: Pack) -> Iterator[str]:
    for each in pack.parameters:
        if each.clause not in pack.clauses:
            yield f"参数 {each.name} 引用的条款“{each.clause}”不存在。"
        if each.stricter not in ("higher", "lower", "fixed", "free"):
            yield f"参数 {each.name} 的 stricter 不对。"
        free = each.stricter == "free" and isinstance(each.value, str)
        if (free or each.options) and each.value not in each.options:
            yield f"参数 {each.name} 的值不在它的选项之中。"
        if each.until is not None and each.until < each.since:
            yield f"参数 {each.name} 的有效期前后颠倒。"
    times = Counter((each.name, each.since) for each in pack.parameters)
    yield from (f"参数 {name} 在同一天有两个值。" for (name, _), n in times.items() if n > 1)


def _tracks(pack: Pack) -> Iterator[str]:
    names = {each.name for each in pack.parameters}
    for track in pack.tracks.values():
        if track.clause not in pack.clauses:
            yield f"类别 {track.key} 引用的条款“{track.clause}”不存在。"
        for one in track.requirements:
            where = f"类别 {track.key} 的条件“{one.title}”"
            if one.clause not in pack.clauses:
                yield f"{where}引用的条款“{one.clause}”不存在。"
            if one.norm not in pack.norms:
                yield f"{where}引用的规范“{one.norm}”不存在。"
            for name in sorted(set(one.condition.parameters()) - names):
                yield f"{where}引用的参数“{name}”不存在。"
            yield from (f"{where}：{wrong}" for wrong in _asked(pack, track.key, one.condition))
    yield from _samples(pack)


def _asked(pack: Pack, track: str, condition: Condition) -> Iterator[str]:
    """Facts that the form does not ask and no register gives."""
    asked = {field.key for _, field in pack.forms[track].fields()}
    given = {"legacy", "leader_key", "unit_keys", "studios"}
    for name in sorted(set(condition.facts()) - asked - given):
        yield f"申报表没有“{name}”。"


def _samples(pack: Pack) -> Iterator[str]:
    """The yardstick of a track must meet all of it; otherwise no witness can be found."""
    expect = {"全部": Verdict.MET.label}
    for track in pack.tracks.values():
        on = max(each.since for each in pack.parameters)
        name = f"{track.key} 的样本"
        case = {"name": name, "track": track.key, "date": on, "facts": {}, "expect": expect}
        yield from run_case(pack, case)


def _forms(pack: Pack) -> Iterator[str]:
    for key, form in pack.forms.items():
        counts = Counter(field.key for _, field in form.fields())
        yield from (f"表单 {key} 的字段“{name}”重复。" for name, n in counts.items() if n > 1)
        for section, field in form.fields():
            where = f"表单 {key} 的字段“{field.key}”"
            for clause in {section.clause, field.clause} - set(pack.clauses):
                yield f"{where}引用的条款“{clause}”不存在。"
            for norm in set(field.norms) - set(pack.norms):
                yield f"{where}引用的规范“{norm}”不存在。"
            yield from (f"{where}{wrong}" for wrong in _field(field))
            for name in field.computed.reads() if field.computed else ():
                if counts[name] != 1:
                    yield f"{where}由不存在的字段“{name}”计算。"
            for column in field.columns:
                yield from (f"{where}的列“{column.key}”{wrong}" for wrong in _field(column))


def _occupations(pack: Pack) -> Iterator[str]:
    for each in pack.occupations.values():
        if not CODE.fullmatch(each.code) or not each.name.strip():
            yield f"职业“{each.code} {each.name}”的编码或名称不对。"


def _field(field: Field) -> Iterator[str]:
    """What one field or column lacks: options, columns, a known source, its help in own words."""
    if field.kind in ("choice", "multichoice") and not field.options:
        yield "没有选项。"
    if field.kind == "table" and not field.columns:
        yield "没有列。"
    if field.source not in SOURCES:
        yield f"的来源“{field.source}”不存在。"
    if not helps(field):
        yield "没有填写说明（help），或说明只是重复了名称。"


def helps(field: Field) -> bool:
    """Whether the help says more than the label: a sentence, and not the label's own words."""
    said = field.help.strip().rstrip("。")
    return len(said) >= LEAST_HELP and field.help.strip()[-1] in "。？！" and said != field.label


def _names(pack: Pack) -> Iterator[str]:
    """A key must mean the same in every list, since findings call it by its name alone."""
    seen: dict[str, str] = {}
    for known in pack.choices.values():
        for key, label in known.items():
            if seen.setdefault(key, label) != label:
                yield f"选项“{key}”在不同的选项表中含义不同。"


def _money(pack: Pack) -> Iterator[str]:
    """What raises a flag must be of a kind that the notice knows, and concern money of a known source."""
    for key, rule in pack.money["flag_rules"]["rules"].items():
        unknown = set(rule["sources"]) - set(pack.money["sources"])
        if unknown or rule["kind"] not in pack.money["flags"]:
            yield f"资金疑点规则 {key} 的种类或资金来源不对。"
        if rule["answers"] not in ("unit", "province"):
            yield f"资金疑点规则 {key} 没有写明由谁说明。"


def _checklists(pack: Pack) -> Iterator[str]:
    """What a panel ticks at an acceptance, by kind."""
    for kind, items in pack.checklists.items():
        counts = Counter(each["key"] for each in items)
        yield from (f"验收清单 {kind} 的“{key}”重复。" for key, n in counts.items() if n > 1)
        for each in items:
            if each["clause"] not in pack.clauses:
                yield f"验收清单 {kind} 的“{each['key']}”引用的条款“{each['clause']}”不存在。"


def _rubrics(pack: Pack) -> Iterator[str]:
    """Each loads, its examples come out, and what it points at is there."""
    natures = set(pack.choices.get("unit_natures", ()))
    figures = {
        field.key
        for form in pack.forms.values()
        for _, field in form.fields()
        if field.computed or field.kind in ("integer", "percent")
    }
    for name, data in pack.rubrics.items():
        yield from (f"评分标准 {name}：{wrong}" for wrong in faults(data))
        variants = data.get("variants", {})
        for nature in sorted(set(variants) - natures):
            yield f"评分标准 {name}：单位性质“{nature}”不存在。"
        for other in sorted(set(variants.values()) - set(pack.rubrics)):
            yield f"评分标准 {name}：所指的评分标准“{other}”不存在。"
        for item in _items(data):
            for clause in sorted(set(item.get("clauses", ())) - set(pack.clauses)):
                yield f"评分标准 {name} 的指标 {item['id']}：条款“{clause}”不存在。"
            for norm in sorted(set(item.get("norms", ())) - set(pack.norms)):
                yield f"评分标准 {name} 的指标 {item['id']}：规范“{norm}”不存在。"
            if item.get("fact") and item["fact"] not in figures:
                yield f"评分标准 {name} 的指标 {item['id']}：申报表没有数据“{item['fact']}”。"


def _items(data: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for group in data.get("groups", ()):
        for each in (group, *group.get("parts", ())):
            yield from each.get("items", ())


def _overlays(pack: Pack) -> Iterator[str]:
    for overlay in pack.overlays:
        for place in sorted(set(overlay.rubrics.values()) - set(pack.rubrics)):
            yield f"省级细则 {overlay.code}：评分标准“{place}”不存在。"
        for refusal in check_overlay(pack, overlay):
            yield f"省级细则 {overlay.code}：{refusal.message}"
        for added in (found for sections in overlay.fields.values() for found in sections.values()):
            for field in added:
                yield from (
                    f"省级细则 {overlay.code} 的“{field.key}”{wrong}" for wrong in _field(field)
                )
