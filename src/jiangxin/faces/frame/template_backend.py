"""Django's template interface over MiniJinja (a Jinja2 dialect in Rust).

`TEMPLATES = [{"BACKEND": "jiangxin.faces.frame.template_backend.MiniJinja", "APP_DIRS": True}]`

Only what Jinja2 understands too may be written in a template; a test renders both and compares.
Macros that emit a form need the request: import them `with context`, as Jinja2 demands.
MiniJinja cannot see the fields of a named tuple inside another object: use frozen dataclasses there.
A member of a text enum arrives as its value: for its label use the filters `role`, `project_state`.
"""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import minijinja
from django.apps import apps
from django.conf import settings
from django.contrib.messages import get_messages
from django.http import HttpRequest
from django.middleware.csrf import get_token
from django.template import TemplateDoesNotExist, TemplateSyntaxError
from django.template.backends.base import BaseEngine
from django.utils.functional import cached_property
from django.utils.html import format_html

from jiangxin.core.kernel import clock

from . import filters, flash
from .inbox import bell, settings_url

OWN_APPS = "jiangxin."


class MiniJinja(BaseEngine):
    """Looks in `DIRS`, then in `templates/` of the product's own installed apps."""

    app_dirname = "templates"

    def __init__(self, params: dict[str, Any]) -> None:
        params = params.copy()
        params.pop("OPTIONS", None)
        super().__init__(params)

    @cached_property
    def template_dirs(self) -> tuple[str, ...]:
        """Third-party apps write their templates in another language: they are not looked at."""
        own = (
            Path(config.path) / self.app_dirname
            for config in apps.get_app_configs()
            if config.name.startswith(OWN_APPS)
        )
        return (*map(str, self.dirs), *(str(path) for path in own if path.is_dir()))

    @cached_property
    def environment(self) -> minijinja.Environment:
        """One environment per process: templates are compiled once, or on each change in DEBUG."""
        return minijinja.Environment(
            loader=self.source,
            filters=filters.FILTERS,
            globals=filters.GLOBALS,
            undefined_behavior="strict",
            auto_escape_callback=lambda _name: True,
            trim_blocks=True,
            lstrip_blocks=True,
            debug=settings.DEBUG,
            reload_before_render=settings.DEBUG,
        )

    def source(self, name: str) -> str | None:
        """The text of the template `name`, or nothing when no own app has it."""
        if ".." in Path(name).parts or name.startswith("/"):
            return None
        for folder in self.template_dirs:
            path = Path(folder, name)
            if path.is_file():
                return path.read_text(encoding="utf-8")
        return None

    def knows(self, name: str) -> bool:
        """Whether an own app has the template; asked of the disk once, in DEBUG every time."""
        if settings.DEBUG or name not in self.known:
            self.known[name] = self.source(name) is not None
        return self.known[name]

    @cached_property
    def known(self) -> dict[str, bool]:
        return {}

    def template_names(self) -> list[str]:
        """Every template of the product, for the test that checks them all."""
        return sorted(
            path.relative_to(folder).as_posix()
            for folder in self.template_dirs
            for path in Path(folder).rglob("*")
            if path.is_file()
        )

    def get_template(self, template_name: str) -> "Template":
        """Raises `TemplateDoesNotExist` so that Django can try the next engine."""
        if not self.knows(template_name):
            raise TemplateDoesNotExist(template_name, backend=self)
        return Template(partial(self.environment.render_template, template_name))

    def from_string(self, template_code: str) -> "Template":
        return Template(partial(self.environment.render_str, template_code, "string.html"))


class Template:
    """A name bound to its environment; what `django.shortcuts.render` calls."""

    def __init__(self, produce: Callable[..., str]) -> None:
        self.produce = produce

    def render(
        self, context: dict[str, Any] | None = None, request: HttpRequest | None = None
    ) -> str:
        """The page as text. Raises `TemplateSyntaxError` with template name and line."""
        everything = named((page_context(request) if request else {}) | (context or {}))
        try:
            return self.produce(**everything)
        except minijinja.TemplateError as error:
            raise TemplateSyntaxError(str(error)) from error


class Named:
    """A named tuple whose fields MiniJinja can see: it takes any tuple for a nameless sequence."""

    __slots__ = ("row",)

    def __init__(self, row: tuple[Any, ...]) -> None:
        self.row = row

    def __getattr__(self, name: str) -> Any:
        return named(getattr(self.row, name))

    def __getitem__(self, place: int) -> Any:
        return named(self.row[place])

    def __iter__(self) -> Iterator[Any]:
        return map(named, self.row)

    def __len__(self) -> int:
        return len(self.row)

    def __str__(self) -> str:
        return str(self.row)


def named(value: Any) -> Any:
    """`value` with the named tuples in its lists, tuples and dicts wrapped; other objects untouched."""
    kind = type(value)
    if kind is dict:
        return {key: named(each) for key, each in value.items()}
    if kind is list:
        return [named(each) for each in value]
    if kind is tuple:
        return tuple(map(named, value))
    return Named(value) if isinstance(value, tuple) else value


def page_context(request: HttpRequest) -> dict[str, Any]:
    """What every page of a request may use.

    `csrf_input` and `csrf_token` are functions: a page without a form sets no cookie and can be cached.
    `flashes` is one too, because reading the messages removes them, and `inbox`, which asks the database.
    """
    return {
        "request": request,
        "viewer": getattr(request, "viewer", None),
        "here": request.get_full_path(),
        "csrf_token": partial(get_token, request),
        "csrf_input": partial(csrf_input, request),
        "flashes": lambda: [flash.read(message) for message in get_messages(request)],
        "inbox": partial(bell, request),
        "settings_url": partial(settings_url, request),
        "demo": settings.DEMO,
        "now": clock.now(),
    }


def csrf_input(request: HttpRequest) -> str:
    """The hidden field that proves that a form came from our own page."""
    return format_html(
        '<input type="hidden" name="csrfmiddlewaretoken" value="{}">', get_token(request)
    )
