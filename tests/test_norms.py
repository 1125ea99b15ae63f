"""The register of norms tells the truth: each place where a norm is kept can be opened."""

from importlib import import_module
from pkgutil import resolve_name

import pytest

from jiangxin.core.kernel import clock
from jiangxin.core.policy import Norm
from jiangxin.core.workflow import Role
from jiangxin.faces.frame.filters import clause_label
from jiangxin.records.identity.viewer import Viewer
from jiangxin.stages.programme.queries import pack
from tests.factories.desk import Client, client_of, text_of
from tests.factories.whole import TODAY, Pages, make_whole

NORMS = list(pack().norms.values())
# Areas whose places the pack proves by itself (core/policy/check.py).
WITHIN = {"track", "form", "parameter", "money", "rubric", "list"}
# What the places of these two areas stand for.
CODE = {
    "draw:panel": "jiangxin.core.draw.plan",
    "overlay:floor": "jiangxin.core.policy.floor:check_overlay",
    "overlay:fields": "jiangxin.core.policy.overlay:Overlay.extend",
}


def faces(norm: Norm) -> list[str]:
    return [
        name for area, _, name in (each.partition(":") for each in norm.where) if area == "face"
    ]


def test_there_are_fifty_nine_norms_and_each_is_met_on_a_screen() -> None:
    assert [norm.id for norm in NORMS] == [f"N{number:02}" for number in range(1, 60)]
    assert [norm.id for norm in NORMS if not faces(norm)] == []
    assert {norm.how for norm in NORMS} == {"enforced", "computed", "reported"}


@pytest.mark.parametrize("norm", NORMS, ids=lambda norm: norm.id)
def test_every_place_in_the_code_is_there(norm: Norm) -> None:
    """`stage:x` is the app with its actions; `stage:x.y.z` a module, or a name in a module."""
    for place in norm.where:
        area, _, name = place.partition(":")
        if area == "stage" and "." not in name:
            assert import_module(f"jiangxin.stages.{name}.actions")
        elif area == "stage":
            assert resolve_name(f"jiangxin.stages.{name}")
        elif area not in WITHIN | {"face"}:
            assert resolve_name(CODE[place])


def opened(viewer: Viewer, address: str) -> str:
    client = Client() if viewer.role is Role.PUBLIC else client_of(viewer)
    response = client.get(address)
    assert response.status_code == 200, f"{address}: {response.status_code}"
    return text_of(response)


def shown(pages: Pages) -> dict[str, str]:
    """All that the screens of a name show."""
    return {name: "".join(opened(*each) for each in found) for name, found in sorted(pages.items())}


@pytest.mark.django_db
def test_every_screen_of_a_norm_opens_and_names_its_clause() -> None:
    pages = make_whole()
    named = {name for norm in NORMS for name in faces(norm)}
    assert named - set(pages) == set()
    with clock.at(TODAY):
        texts = shown(pages)
    silent = [
        f"{norm.id} {name}"
        for norm in NORMS
        for name in faces(norm)
        if f">{clause_label(norm.clause)}<" not in texts[name]
    ]
    assert silent == []
