"""Every template is written in the language that MiniJinja and Jinja2 share; Jinja2 is the oracle."""

import html
import re
from typing import Any

import jinja2
import pytest
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.template import TemplateDoesNotExist, TemplateSyntaxError, engines
from django.test import RequestFactory, override_settings
from django.utils.safestring import SafeString

from jiangxin.core.kernel import clock
from jiangxin.core.policy.forms import Field, Option
from jiangxin.core.workflow import Role
from jiangxin.faces.frame import filters, gallery
from jiangxin.faces.frame.template_backend import MiniJinja, named, page_context
from jiangxin.records.identity.viewer import Viewer

NOW = clock.beijing(2025, 10, 19, 9, 30)


def engine() -> MiniJinja:
    found = engines["jiangxin"]
    assert isinstance(found, MiniJinja)
    return found


def oracle() -> jinja2.Environment:
    """Jinja2 over the same templates, filters and functions."""
    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(engine().source),
        undefined=jinja2.StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(filters.FILTERS)
    environment.globals.update(filters.GLOBALS)
    return environment


def request(role: Role = Role.PROVINCE_HR) -> HttpRequest:
    made = RequestFactory().get("/gallery/?a=1&b=<2>")
    made.user = AnonymousUser()
    made.viewer = Viewer(role=role, name="王<处长>", user_id=7, province="32")  # type: ignore[attr-defined]
    return made


def same(text: str) -> str:
    """The two engines escape quotes and slashes by different, equivalent entities."""
    return html.unescape(text)


NAMES = engine().template_names()


def test_there_are_templates() -> None:
    assert "frame/base.html" in NAMES
    assert len([name for name in NAMES if "macros" in name]) >= 5


@pytest.mark.parametrize("name", NAMES)
def test_both_engines_compile_it(name: str) -> None:
    oracle().get_template(name)
    engine().environment.undeclared_variables_in_template(name)


@pytest.mark.parametrize("name", NAMES)
def test_the_page_works_under_the_content_security_policy(name: str) -> None:
    text = engine().source(name) or ""
    assert not re.search(r"\sstyle=|<style|\son[a-z]+=\"|javascript:|https?://", text)
    assert not re.search(r"<script(?![^>]*\ssrc=)", text)


@pytest.mark.parametrize("name", NAMES)
def test_macros_are_imported_with_context(name: str) -> None:
    for line in re.findall(r"{%-?\s*(?:from|import)\s[^%]*%}", engine().source(name) or ""):
        assert "with context" in line, line


SAMPLES = [
    ("frame/gallery.html", {}),
    *((f"frame/gallery_{name}.html", {}) for name in gallery.LAYOUTS if name != "error"),
    (
        "frame/error.html",
        {"error": {"message": "<不行>", "remedy": "", "clause": "3.3"}, "status": 4},
    ),
    ("frame/_problem.html", {"error": {"message": "不行", "remedy": "改", "clause": "自定"}}),
    (
        "frame/login.html",
        {"next": "/a?b=1&c", "values": {}, "groups": [], "units": [], "province": ""},
    ),
]


@pytest.mark.parametrize(("name", "extra"), SAMPLES, ids=[name for name, _ in SAMPLES])
@pytest.mark.parametrize("demo", [False, True])
def test_both_engines_write_the_same_page(name: str, extra: dict[str, Any], demo: bool) -> None:
    asked = request()
    with clock.at(NOW), override_settings(DEMO=demo):
        context = {"problems": []} | gallery.sample() | gallery.frames() | extra
        token = page_context(asked)["csrf_token"]()
        fixed = {
            "csrf_token": lambda: token,
            "inbox": lambda: {"url": "/desk/inbox/", "count": 3, "shown": "3"},
            "csrf_input": lambda: SafeString(f'<input name="t" value="{token}">'),
        }
        ours = engine().get_template(name).render(context | fixed, asked)
        theirs = oracle().get_template(name).render(page_context(asked) | named(context) | fixed)
    assert same(ours) == same(theirs)
    assert len(ours) > 100


def test_what_people_write_is_escaped_in_every_macro() -> None:
    evil = '"><script>alert(1)</script>'
    field = Field(
        key="k", label=evil, kind="choice", help=evil, unit=evil, options=(Option(evil, evil),)
    )
    table = Field(
        key="t", label="t", kind="table", columns=(Field(key="c", label=evil, kind="text"),)
    )
    source = """{% from "frame/macros/form.html" import field as f, error_summary with context %}
    {% from "frame/macros/list.html" import list_search, list_table with context %}
    {% from "frame/macros/blocks.html" import confirmation, diff_view, evidence_list with context %}
    {{ f(one, values, errors) }}{{ f(table, values, errors) }}{{ error_summary(problems) }}
    {{ list_search(list) }}{{ confirmation("#", evil, [evil], evil) }}
    {{ diff_view([{"label": evil, "before": evil, "after": evil}]) }}
    {{ evidence_list([{"id": evil, "name": evil, "size": evil, "url": evil}], evil) }}"""
    listing = gallery.listing()
    listing.q = evil
    context = {
        "one": field,
        "table": table,
        "values": {"k": [evil], "t-0-c": [evil]},
        "errors": {"k": evil, "t-0-c": evil},
        "problems": [{"message": evil, "field": evil, "remedy": evil, "clause": evil}],
        "list": listing,
        "evil": evil,
    }
    page = engine().from_string(source).render(context, request())
    assert "<script" not in page
    assert page.count("&lt;script&gt;") > 15


def test_an_undefined_name_is_an_error_that_says_where() -> None:
    with pytest.raises(TemplateSyntaxError, match=r"undefined value.*string\.html:2"):
        engine().from_string("\n{{ nobody.name }}").render({})


def test_a_template_of_another_app_or_folder_is_not_found() -> None:
    for name in ("nothing.html", "../frame/base.html", "/etc/hostname", "ninja/swagger.html"):
        with pytest.raises(TemplateDoesNotExist):
            engine().get_template(name)


def test_a_page_without_a_form_sets_no_cookie_and_reads_no_message() -> None:
    asked = request()
    engine().get_template("frame/gallery_notice.html").render(
        gallery.sample() | {"flashes": list}, asked
    )
    assert "CSRF_COOKIE" not in asked.META


def test_fields_of_named_tuples_reach_the_template() -> None:
    text = "{% for o in options %}{{ o.value }}={{ o.label }};{% for a, b in [o] %}{{ a }}{{ b }}{% endfor %}{% endfor %}"
    assert engine().from_string(text).render({"options": (Option("a", "甲"),)}) == "a=甲;a甲"
