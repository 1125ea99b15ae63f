"""Before a unit has an account: whether it would meet the conditions, and registration."""

from dataclasses import replace
from typing import Any

from django.contrib.auth import login
from django.http import HttpResponse
from django.urls import path

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import DomainError
from jiangxin.core.kernel.identifiers import read_uscc
from jiangxin.core.kernel.regions import BY_CODE, PROVINCES
from jiangxin.core.policy import Field, Overlay, Verdict, assess, facts_from, parse_section
from jiangxin.faces.frame import rows
from jiangxin.faces.frame.pages import ANYONE, Request, catching, done, page, typed
from jiangxin.records.identity.actions import register_unit
from jiangxin.stages.programme.queries import call_of, overlay_of_call, pack
from jiangxin.stages.programme.tracks import Track

from .navigation import public_page

FIELDS = ("name", "uscc", "province", "nature", "address", "contact", "phone", "email", "username")
NATURES = ("技师学院", "高级技工学校", "职业院校", "企业", "公共实训基地", "社会培训机构", "其他")


@page(roles=ANYONE, methods=("GET", "POST"))
def register(request: Request) -> HttpResponse:
    """A new unit with its first account; what was typed stays, passwords do not."""
    problems: list[DomainError] = []
    if request.method == "POST":
        given: dict[str, Any] = {name: request.POST.get(name, "").strip() for name in FIELDS}
        if request.POST.get("password") != request.POST.get("password_again"):
            problems.append(_mismatch())
        else:
            with catching(problems):
                user = register_unit(**given, password=request.POST.get("password", ""))
                login(request, user, backend="django.contrib.auth.backends.ModelBackend")
                warning = read_uscc(given["uscc"])[1]
                text = "注册成功，现在可以开始申报。" + (f"提示：{warning}" if warning else "")
                return done(request, text, "workspace-home")
    values = {key: value for key, value in typed(request).items() if "password" not in key}
    return public_page(
        request,
        "workspace/register.html",
        {
            "problems": problems,
            "errors": {each.field: each.message for each in problems if each.field},
            "values": values,
            "province_options": [(each.code, each.name) for each in PROVINCES],
            "nature_options": NATURES,
        },
    )


def _mismatch() -> DomainError:
    return DomainError("两次输入的密码不一致。", remedy="请重新输入。", field="password")


@page(roles=ANYONE, methods=("GET", "POST"))
def preview(request: Request) -> HttpResponse:
    """Which conditions the answers would meet; nothing is stored, no account is needed."""
    asked = {**request.GET.dict(), **request.POST.dict()}
    chosen = asked.get("track", "")
    track = Track(chosen) if chosen in {each.value for each in Track} else Track.NEW_BASE
    province = asked.get("province", "") if asked.get("province") in BY_CODE else ""
    overlay, basis = _rules_of(province)
    form = pack().form(track.value, overlay)
    data = {key: list(map(str, texts)) for key, texts in request.POST.lists()}
    answers: dict[str, Any] = {}
    errors: dict[str, str] = {}
    for section in form.sections:
        parsed = parse_section(section, data)
        answers |= parsed.answers
        errors |= parsed.errors
    if rows.asked(data):
        data, errors = rows.change(data), {}
    facts = facts_from(form, answers, EVIDENCE, registers={})
    findings = assess(pack(), track=track.value, on=clock.today(), facts=facts, overlay=overlay)
    counts = {each.value: sum(found.verdict is each for found in findings) for each in Verdict}
    decided, declared = deciding(track, overlay)
    part = request.headers.get("HX-Request")
    return public_page(
        request,
        "workspace/_preview_result.html" if part else "workspace/preview.html",
        {
            "track": track.value,
            "tracks": Track.choices(),
            "province": province,
            "province_options": [(each.code, each.name) for each in PROVINCES],
            "basis": basis,
            "decided": decided,
            "declared": declared,
            "values": data,
            "errors": errors,
            "findings": findings if request.method == "POST" else [],
            "counts": counts,
        },
    )


def _rules_of(province: str) -> tuple[Overlay | None, str]:
    """The detailed rules under which the province now calls, and in words what is judged by."""
    if not province:
        return None, "按国家通知判断；各省可以另定更严的条件，选择省份后一并判断。"
    name, year = BY_CODE[province].name, clock.today().year
    call = call_of(province, year)
    if call is None:
        return None, f"按国家通知判断；{name} {year} 年的申报通知尚未发布，届时可能另有更严的条件。"
    overlay = overlay_of_call(call)
    if overlay is None:
        return None, f"按国家通知判断；{name} {year} 年没有另定条件。"
    return overlay, f"按国家通知和《{overlay.title}》判断。"


class _Promised(dict[str, int]):
    """Evidence that nobody has uploaded yet: in a preview every claim counts as provable."""

    def get(self, key: str, default: Any = None) -> int:  # noqa: ARG002 -- the signature of dict
        return 1


EVIDENCE = _Promised()


def deciding(track: Track, overlay: Overlay | None) -> tuple[list[Field], list[Field]]:
    """The questions of the track's form on which a condition rests, in the form's order.

    First those that figures and facts decide, then the declarations that an examiner has to judge.
    Tables keep the columns that count; nothing is required and nothing is to be attached.
    """
    form = pack().form(track.value, overlay)
    added = overlay.requirements.get(track.value, ()) if overlay else ()
    rules = (*pack().requirements(track.value), *added)
    wanted = {fact for each in rules for fact in each.condition.facts()}
    wanted |= {
        field.computed.table for _, field in form.fields() if field.computed and field.key in wanted
    }
    asked = [
        _asked(field) for _, field in form.fields() if not field.computed and field.key in wanted
    ]
    declared = [field for field in asked if field.kind == "attest"]
    return [field for field in asked if field.kind != "attest"], declared


def _asked(field: Field) -> Field:
    columns = tuple(replace(each, required=False) for each in field.columns if each.required)
    text = "" if field.kind == "attest" else field.help
    return replace(field, required=False, help=text, columns=columns)


urlpatterns = [
    path("register/", register, name="register-unit"),
    path("check/", preview, name="eligibility-preview"),
]
