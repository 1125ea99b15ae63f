"""The notice is the floor of every overlay: one that loosens is refused, with a witness (2.1, 2.2)."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from .assess import judge
from .conditions import Condition
from .kinds import AtLeastLevel, Distinct, LookBack, Rate, Threshold
from .model import Parameter, Requirement, Track
from .overlay import Overlay
from .pack import Pack
from .values import whole_number, years_later
from .verdict import Verdict, all_met


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """Why an overlay is refused: the clause, the reason, and a witness.

    `witness` has `sentence`, a case in Chinese that the overlay would let through and the notice
    would not, and the facts of that case; empty for a plain mistake in the file.
    """

    clause: str
    message: str
    witness: dict[str, Any]


def check_overlay(pack: Pack, overlay: Overlay) -> list[Refusal]:
    """Everything in `overlay` that loosens the notice or does not fit it; empty when it stands."""
    on = date(overlay.year, 12, 31)
    return [
        *_waived(pack, overlay, on),
        *(
            refusal
            for name in overlay.values
            if not overlay.own(name)
            for refusal in _value(pack, overlay, name, on)
        ),
        *_misfits(pack, overlay),
    ]


def _waived(pack: Pack, overlay: Overlay, on: date) -> Iterator[Refusal]:
    """Dropping a norm lets in the sample unit that fails just this norm."""
    for norm in overlay.waived:
        known = pack.norms.get(norm)
        if known is None:
            yield Refusal(clause="3.1", message=f"规范“{norm}”不存在。", witness={})
            continue
        message = f"省级细则不能取消“{known.title}”（{norm}）；只能在基本条件之上增加或从严。"
        yield Refusal(
            clause=known.clause, message=message, witness=_without(pack, overlay, norm, on)
        )


def _without(pack: Pack, overlay: Overlay, norm: str, on: date) -> dict[str, Any]:
    for track in pack.tracks.values():
        for one in pack.requirements(track.key):
            if one.norm != norm:
                continue
            own = set(one.condition.facts())
            facts = {key: value for key, value in track.sample.items() if key not in own}
            sentence = (
                f"一个没有任何材料证明“{one.title}”的单位，会被{overlay.province_name}的细则接纳，"
                "而通知不接纳。"
            )
            outcome = judge(pack, one, on, facts, None)
            return {
                "sentence": sentence,
                "track": track.key,
                "facts": facts,
                "verdict": outcome.verdict.value,
            }
    return {"sentence": f"不再执行“{pack.norms[norm].title}”的项目，会被细则接纳，而通知不接纳。"}


def _value(pack: Pack, overlay: Overlay, name: str, on: date) -> Iterator[Refusal]:
    found = [each for each in pack.parameters if each.name == name]
    if not found:
        yield Refusal(clause="3.1", message=f"参数“{name}”不存在。", witness={})
        return
    national = pack.parameter(name, max(on, found[0].since))
    own = overlay.values[name]
    if own == national.value and type(own) is type(national.value):
        return
    if not _comparable(pack, national, own):
        message = f"“{national.title}”的值“{own}”不是可用的值。"
        yield Refusal(clause=national.clause, message=message, witness={})
    elif national.stricter == "fixed":
        message = f"“{national.title}”由通知统一规定，省级不能改变。"
        yield Refusal(clause=national.clause, message=message, witness=_plain(national, own))
    elif _looser(pack, national, own):
        yield _refused(pack, overlay, national, on)


def _comparable(pack: Pack, national: Parameter, own: Any) -> bool:
    if national.options:
        return isinstance(own, str) and own in national.options
    if isinstance(national.value, bool):
        return isinstance(own, bool)
    if isinstance(national.value, str):
        return own in pack.levels
    if national.stricter == "fixed":
        return True
    return whole_number(own) is not None


def _looser(pack: Pack, national: Parameter, own: Any) -> bool:
    """Whether a different, comparable value moves the wrong way; a free choice has none."""
    if national.stricter == "free":
        return False
    if isinstance(national.value, str):
        own_rank, floor = pack.levels[own].rank, pack.levels[national.value].rank
    else:
        own_rank, floor = own, national.value
    return bool(own_rank < floor if national.stricter == "higher" else own_rank > floor)


def _refused(pack: Pack, overlay: Overlay, national: Parameter, on: date) -> Refusal:
    own = overlay.values[national.name]
    word = "低于" if national.stricter == "higher" else "高于"
    message = (
        f"“{national.title}”{_shown(pack, own)}{national.unit}，"
        f"{word}通知规定的 {_shown(pack, national.value)}{national.unit}；只能从严。"
    )
    witness = _unit(pack, overlay, national.name, on) or _plain(national, own)
    return Refusal(clause=national.clause, message=message, witness=witness)


def _shown(pack: Pack, value: Any) -> str:
    return pack.levels[value].name if isinstance(value, str) else str(value)


def _plain(national: Parameter, own: Any) -> dict[str, Any]:
    """A witness for a number that no condition on a unit reads: quota, publicity, terms."""
    sentence = (
        f"按细则，“{national.title}”为 {own}{national.unit}的安排会被接纳；"
        f"按通知应为 {national.value}{national.unit}，不被接纳。"
    )
    return {"sentence": sentence, "facts": {national.name: own}}


def _unit(pack: Pack, overlay: Overlay, name: str, on: date) -> dict[str, Any] | None:
    """The facts of a unit that the overlay's value admits and the notice's does not, if a
    condition reads this parameter. Both are proven by judging them.
    """
    alone = replace(overlay, values={name: overlay.values[name]})
    for track, one, leaf in _readers(pack, name):
        facts = {**track.sample, **_edge(pack, leaf, overlay.values[name], on)}
        national = _admits(pack, track, on, facts, None)
        if national is Verdict.MET or _admits(pack, track, on, facts, alone) is not Verdict.MET:
            continue
        outcome = judge(pack, one, on, facts, None)
        return {
            "sentence": (
                f"一个其他条件都符合的单位（{track.title}），{outcome.because}"
                f"会被{overlay.province_name}的细则接纳，而通知不接纳。"
            ),
            "track": track.key,
            "facts": facts,
            "verdict": outcome.verdict.value,
        }
    return None


def _readers(pack: Pack, name: str) -> Iterator[tuple[Track, Requirement, Condition]]:
    """Every leaf that rests on the parameter, with its requirement and track."""
    for track in pack.tracks.values():
        for one in track.requirements:
            for leaf in one.condition.leaves():
                if name in leaf.parameters():
                    yield track, one, leaf


def _admits(
    pack: Pack, track: Track, on: date, facts: dict[str, Any], overlay: Overlay | None
) -> Verdict:
    found = pack.requirements(track.key)
    return all_met(judge(pack, one, on, facts, overlay).verdict for one in found)


def _edge(pack: Pack, leaf: Condition, own: Any, on: date) -> dict[str, Any]:
    """The facts that just meet this leaf at the overlay's value."""
    return next((make(pack, leaf, own, on) for kind, make in _EDGES if isinstance(leaf, kind)), {})


def _edge_threshold(pack: Pack, leaf: Any, own: Any, on: date) -> dict[str, Any]:
    return {leaf.fact: own}


def _edge_rate(pack: Pack, leaf: Any, own: Any, on: date) -> dict[str, Any]:
    return {leaf.part: own, leaf.whole: 100}


def _edge_distinct(pack: Pack, leaf: Any, own: Any, on: date) -> dict[str, Any]:
    codes = list(pack.occupations)[:own]
    needs = dict.fromkeys(leaf.needs, "具备")
    rows = [{leaf.column: code, **needs} for code in codes]
    return {leaf.fact: rows if leaf.column else codes}


def _edge_look_back(pack: Pack, leaf: Any, own: Any, on: date) -> dict[str, Any]:
    """The latest event whose shorter period is over: the day after it ended is `on`."""
    event = years_later(on - timedelta(days=1), -own)
    return {leaf.events: [{leaf.column: event.isoformat(), "kind": "administrative"}]}


def _edge_level(pack: Pack, leaf: Any, own: Any, on: date) -> dict[str, Any]:
    return {leaf.fact: own}


_EDGES: tuple[tuple[type[Condition], Callable[[Pack, Any, Any, date], dict[str, Any]]], ...] = (
    (Threshold, _edge_threshold),
    (Rate, _edge_rate),
    (Distinct, _edge_distinct),
    (LookBack, _edge_look_back),
    (AtLeastLevel, _edge_level),
)


def _misfits(pack: Pack, overlay: Overlay) -> Iterator[Refusal]:
    """Mistakes in the file: unknown tracks, clauses, parameters; keys that are taken."""
    for track in {
        *overlay.requirements,
        *overlay.fields,
        *(each.track for each in overlay.prefers),
    }:
        if track not in pack.tracks:
            yield Refusal(clause="3.1", message=f"申报类别“{track}”不存在。", witness={})
    names = {each.name for each in pack.parameters} | set(overlay.values)
    for one in (each for found in overlay.requirements.values() for each in found):
        if one.clause not in pack.clauses:
            message = f"增加的条件“{one.title}”没有引用通知的条款。"
            yield Refusal(clause="3.1", message=message, witness={})
        if one.norm in pack.norms:
            message = f"增加的条件“{one.title}”不能使用国家规范的编号 {one.norm}。"
            yield Refusal(clause=one.clause, message=message, witness={})
        for name in set(one.condition.parameters()) - names:
            message = f"增加的条件“{one.title}”引用的参数“{name}”不存在。"
            yield Refusal(clause=one.clause, message=message, witness={})
    yield from _unknown_supplements(pack, overlay)
    for track, sections in overlay.fields.items():
        form = pack.forms.get(track)
        taken = {field.key for _, field in form.fields()} if form else set()
        for field in (each for added in sections.values() for each in added):
            if field.key in taken:
                message = f"补充的字段“{field.label}”与申报表字段“{field.key}”重名。"
                yield Refusal(clause="3.1", message=message, witness={})
            taken.add(field.key)


def _unknown_supplements(pack: Pack, overlay: Overlay) -> Iterator[Refusal]:
    """Fields to be supplemented that are in no form, or take no evidence."""
    if overlay.supplement is None:
        return
    forms = [overlay.extend(form) for form in pack.forms.values()]
    provable = {
        field.key for form in forms for _, field in form.fields() if field.evidence != "none"
    }
    for key in sorted(set(overlay.supplement.fields) - provable):
        message = f"可以补充材料的栏目“{key}”不存在，或不需要佐证。"
        yield Refusal(clause="3.1", message=message, witness={})
