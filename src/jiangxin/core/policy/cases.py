"""Cases that an official can read and add to: facts, a date, and the verdicts that must come out."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from ..kernel.errors import DomainError
from .assess import assess, overall
from .pack import Pack
from .verdict import Verdict

_VERDICTS = {each.label: each for each in Verdict}


def run_case(pack: Pack, case: Mapping[str, Any]) -> list[str]:
    """What is wrong with one case in Chinese; empty when every verdict is as expected.

    A case has `name`, `track`, `date`, `facts` (laid over the track's sample; a fact set to null is
    taken away, a mapping is laid over a mapping), `expect` (verdict in Chinese by norm, or under
    `全部` for the overall one) and perhaps `overlay` (its code).
    """
    where = f"{case.get('file', '')}“{case.get('name', '无名案例')}”"
    if missing := {"name", "track", "date", "facts", "expect"} - set(case):
        return [f"{where}缺少 {'、'.join(sorted(missing))}。"]
    if not isinstance(case["date"], date):
        return [f"{where}的 date 不是日期。"]
    overlay = next((each for each in pack.overlays if each.code == case.get("overlay")), None)
    if case.get("overlay") and overlay is None:
        return [f"{where}引用的省级细则“{case['overlay']}”不存在。"]
    try:
        track = pack.track(case["track"])
        facts = laid_over(track.sample, case["facts"] or {})
        found = assess(pack, track=track.key, on=case["date"], facts=facts, overlay=overlay)
    except DomainError as error:
        return [f"{where}：{error.message}"]
    wrong = []
    for norm, expected in case["expect"].items():
        own = [each for each in found if norm in ("全部", each.norm)]
        verdict = overall(own)
        if not own:
            wrong.append(f"{where}：{norm} 不属于该类别。")
        elif _VERDICTS.get(expected) is not verdict:
            because = "" if norm == "全部" else own[0].because
            wrong.append(f"{where}：{norm} 应为{expected}，实为{verdict.label}。{because}")
    return wrong


def laid_over(sample: Mapping[str, Any], facts: Mapping[str, Any]) -> dict[str, Any]:
    """`sample` with `facts` on top: null takes away, mappings are merged, the rest replaces."""
    merged = dict(sample)
    for key, value in facts.items():
        below = merged.get(key)
        if value is None:
            merged.pop(key, None)
        elif isinstance(value, Mapping) and isinstance(below, Mapping):
            merged[key] = laid_over(below, value)
        else:
            merged[key] = value
    return merged
