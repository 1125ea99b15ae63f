"""Reading a policy pack from its folder. The only input of the core."""

import os
import tomllib
from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import yaml

from ..kernel.errors import Invalid, NotFound
from ..kernel.regions import BY_CODE
from . import combined, kinds, registers  # noqa: F401  (they register the kinds of conditions)
from .forms import Form, form_from
from .model import Clause, Level, Norm, Occupation, Parameter, Track
from .overlay import Overlay, overlay_from, requirement_from
from .pack import Pack

DEFAULT = "cn-2022-62"


def policies_folder() -> Path:
    """The folder of the packs: JIANGXIN_POLICIES, else `policies` above this file or above the
    working directory. Raises `NotFound`.
    """
    named = os.environ.get("JIANGXIN_POLICIES")
    if named:
        return Path(named)
    for start in (Path(__file__).resolve(), Path.cwd() / "x"):
        for folder in start.parents:
            if (folder / "policies" / DEFAULT / "pack.toml").is_file():
                return folder / "policies"
    raise NotFound(
        "找不到政策包目录。", remedy="请把环境变量 JIANGXIN_POLICIES 设为 policies 目录。"
    )


def load_pack(path: Path | None = None) -> Pack:
    """The pack in the folder `path` (default: the shipped one), read once.

    Raises `NotFound` when there is none, `Invalid` when a file of it is malformed.
    """
    return _load(_shipped(os.environ.get("JIANGXIN_POLICIES")) if path is None else path.resolve())


@lru_cache(maxsize=4)
def _shipped(named: str | None) -> Path:
    """Where the shipped pack lies; `named` is what the environment says, so that a change counts."""
    return (policies_folder() / DEFAULT).resolve()


@lru_cache(maxsize=8)
def _load(folder: Path) -> Pack:
    if not (folder / "pack.toml").is_file():
        raise NotFound(f"“{folder.name}”不是政策包。", remedy="其中应有 pack.toml。")
    try:
        return _Reader(folder).pack()
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Invalid(
            f"政策包“{folder.name}”不完整或写法不对。", remedy=f"{type(error).__name__}：{error}"
        ) from error


def read_overlay(path: Path, pack: Pack) -> Overlay:
    """The overlay in one TOML file, read with the choices of `pack`. Raises `Invalid`."""
    return _overlay(path, pack.choices)


def _overlay(path: Path, choices: Mapping[str, Mapping[str, str]]) -> Overlay:
    data = _toml(path)
    province = BY_CODE.get(data.get("province", ""))
    if province is None:
        raise Invalid(f"“{path.name}”的省级代码不存在。", remedy="请用 GB/T 2260 的两位代码。")
    return overlay_from(data, choices, province.name)


def _toml(path: Path, *, exact: bool = False) -> dict[str, Any]:
    """The file as data; `exact` keeps decimals exact, as points need them."""
    try:
        return tomllib.loads(
            path.read_text(encoding="utf-8"), parse_float=Decimal if exact else float
        )
    except tomllib.TOMLDecodeError as error:
        raise Invalid(f"“{path.name}”不是有效的 TOML。", remedy=str(error)) from None


class _Reader:
    """One reading of one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.top = _toml(folder / "pack.toml")
        self.levels = {
            each["key"]: Level(rank=rank, **each) for rank, each in enumerate(self.top["levels"])
        }
        self.choices: dict[str, dict[str, str]] = dict(self.top.get("choices", {}))
        self.choices["priority_fields"] = dict(self.top["priority_fields"])
        self.choices["occupations"] = dict(self.read("occupations.toml")["occupations"])
        self.choices["levels"] = {key: each.name for key, each in self.levels.items()}

    def pack(self) -> Pack:
        money = self.read("money.toml")
        for kind, uses in money["uses"].items():
            self.choices[f"{kind}_uses"] = dict(uses["categories"])
        self.choices["fund_sources"] = dict(money["sources"])
        return Pack(
            code=self.top["code"],
            title=self.top["title"],
            issued_by=tuple(self.top["issued_by"]),
            issued_on=self.top["issued_on"],
            clauses={each["id"]: Clause(**each) for each in self.read("clauses.toml")["clauses"]},
            norms={each["id"]: _norm(each) for each in self.read("norms.toml")["norms"]},
            parameters=_dated(self.read("parameters.toml")["parameters"]),
            tracks=self.tracks(),
            forms=self.forms(),
            occupations={
                code: Occupation(code=code, name=name)
                for code, name in self.choices["occupations"].items()
            },
            priority_fields=self.choices["priority_fields"],
            levels=self.levels,
            choices=self.choices,
            money=money,
            checklists={
                kind: tuple(items)
                for kind, items in self.read("acceptance.toml")["checklist"].items()
            },
            rubrics={path.stem: _toml(path, exact=True) for path in self.files("rubrics", "toml")},
            overlays=tuple(_overlay(path, self.choices) for path in self.files("overlays", "toml")),
            cases=tuple(case for path in self.files("cases", "yaml") for case in _cases(path)),
        )

    def read(self, name: str) -> dict[str, Any]:
        return _toml(self.folder / name)

    def files(self, folder: str, suffix: str) -> list[Path]:
        return sorted((self.folder / folder).glob(f"*.{suffix}"))

    def tracks(self) -> dict[str, Track]:
        found = {}
        for name in self.top["tracks"]:
            data = self.read(f"tracks/{name}.toml")
            found[name] = Track(
                key=name,
                kind=data["kind"],
                title=data["title"],
                clause=data["clause"],
                includes=tuple(data.get("includes", ())),
                requirements=tuple(map(requirement_from, data["conditions"])),
                sample=data["sample"],
            )
        return found

    def forms(self) -> dict[str, Form]:
        found: dict[str, Form] = {}
        for name in self.top["tracks"]:
            found[name] = form_from(self.read(f"forms/{name}.toml"), self.choices, found)
        return found


def _norm(item: dict[str, Any]) -> Norm:
    return Norm(**{**item, "where": tuple(item["where"])})


def _cases(path: Path) -> list[dict[str, Any]]:
    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise Invalid(f"“{path.name}”不是有效的 YAML。", remedy=str(error)) from None
    return [{**case, "file": path.name} for case in found]


def _dated(items: list[dict[str, Any]]) -> tuple[Parameter, ...]:
    """Parameters in order; a value ends the day before the next one of the same name begins."""
    found: list[Parameter] = []
    for item in sorted(items, key=lambda each: (each["name"], each["since"])):
        until = item.get("until")
        found.append(
            Parameter(
                name=item["name"],
                title=item["title"],
                value=item["value"],
                unit=item.get("unit", ""),
                clause=item["clause"],
                since=item["since"],
                until=until,
                assumption=item.get("assumption", ""),
                note=item.get("note", ""),
                stricter=item.get("stricter", "fixed"),
                options=dict(item.get("options", {})),
            )
        )
    for index, (one, following) in enumerate(pairwise(found)):
        if one.name == following.name and one.until is None:
            data = {**vars(one), "until": following.since - timedelta(days=1)}
            found[index] = Parameter(**data)
    return tuple(found)
