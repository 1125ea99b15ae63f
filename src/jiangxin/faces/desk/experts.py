"""The province's expert pool: list, one expert, registration, states, ties, initial password."""

from datetime import timedelta
from typing import Any

from django.db.models import Q
from django.http import HttpResponse
from django.urls import path, reverse

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import DomainError, Invalid
from jiangxin.core.workflow import Role
from jiangxin.faces.frame.addresses import path_of
from jiangxin.faces.frame.listing import Column, Listing, choice, contains, when
from jiangxin.faces.frame.pages import Request, catching, done, page, typed
from jiangxin.stages.experts import actions, queries, terms
from jiangxin.stages.experts.choices import Field, Origin, State, Tie
from jiangxin.stages.experts.forms import read_date, read_expert, values_of
from jiangxin.stages.programme.queries import pack
from jiangxin.stages.review.queries.panel import service, standing

from .navigation import Link, desk_page
from .programme import by_field

READERS = frozenset({Role.PROVINCE_HR, Role.PROVINCE_FINANCE, Role.SUPERVISOR, Role.AUDITOR})
HR = frozenset({Role.PROVINCE_HR})
LINKS = (
    Link(
        name="desk-experts",
        label="专家库",
        icon="users",
        roles=READERS,
        group="专家评审",
        waits=queries.applications_waiting,
        todo="状态:待入库 来源:本人申请",
        todo_label="待审核的入库申请",
    ),
)
SUBJECTS = {"expert": "desk-expert"}
VERBS = {
    "activate": (State.ACTIVE, "启用"),
    "suspend": (State.SUSPENDED, "暂停"),
    "remove": (State.REMOVED, "退出专家库"),
}
FOLLOWS = {
    "activate": "启用后即可列入抽取名单。",
    "suspend": "暂停期间仍列入抽取名单，但以“已暂停”事先排除，并在封存记录中写明。",
    "remove": "退出后不再列入抽取名单；其历史评审记录保留。",
}


def listing() -> Listing:
    """The declaration of the list; what counts as 将满 depends on the day."""
    today = clock.today()
    soon = today + timedelta(days=90)
    return Listing(
        columns=(
            Column("name", "姓名", lambda row: row.name, sort="name"),
            Column("field", "专业", lambda row: row.get_field_display(), sort="field"),
            Column("unit", "工作单位", lambda row: row.unit_name, sort="unit_name"),
            Column("title", "职称或技能等级", lambda row: row.title, sort="title"),
            Column(
                "state", "状态", lambda row: (row.state, row.get_state_display()), "state", "state"
            ),
            Column("term", "聘期至", lambda row: row.term_until, "date", "term_until"),
            Column("trained", "最近培训", lambda row: row.trained, "date", "trained"),
            Column("origin", "来源", lambda row: row.get_origin_display(), default=False),
            Column("reason", "状态原因", lambda row: row.state_reason, default=False),
            Column("phone", "手机", lambda row: row.phone, default=False),
            Column("id", "公民身份号码", lambda row: row.id_mask, default=False),
        ),
        keywords=(
            choice("状态", "state", State),
            choice("专业", "field", Field),
            choice("来源", "origin", Origin),
            contains("单位", "unit_name", example="单位:学院"),
            when(
                "聘期",
                "已满、将满（90 天内）或有效",
                {
                    "已满": Q(term_until__lt=today),
                    "将满": Q(term_until__range=(today, soon)),
                    "有效": Q(term_until__gte=today),
                },
            ),
        ),
        text=("name__icontains", "unit_name__icontains", "title__icontains"),
        text_help="在姓名、工作单位、职称中查找",
        order=("name", "id"),
        link=lambda row: path_of("desk-expert", row.pk),
    )


@page(roles=READERS)
def experts(request: Request) -> HttpResponse:
    """The pool as a list, with how many of each field can be drawn."""
    shown = listing().show(queries.pool(request.viewer), request)
    return shown.export("专家库") or desk_page(
        request,
        "desk/experts/list.html",
        {
            "list": shown,
            "may_edit": request.viewer.role in HR,
            "tiles": _tiles(request),
            "empty": {
                "title": "专家库还没有专家",
                "why": "各地要建立专家库，随机抽取评审专家。",
                "action_label": "登记专家",
                "action_url": reverse("desk-expert-new") if request.viewer.role in HR else "",
            },
        },
    )


def _tiles(request: Request) -> list[dict[str, Any]]:
    found = queries.counts(request.viewer)
    return [
        {
            "label": f"{field.label}专家",
            "value": found[field.value][State.ACTIVE],
            "unit": "人在库",
            "note": f"待入库 {found[field.value][State.PENDING]} · 暂停 {found[field.value][State.SUSPENDED]}",
            "url": reverse("desk-experts") + f"?q=专业:{field.label}",
        }
        for field in Field
    ]


@page(roles=HR, methods=("GET", "POST"))
def expert_new(request: Request) -> HttpResponse:
    """Register an expert; afterwards the initial password is shown once."""
    problems: list[DomainError] = []
    if request.method == "POST":
        fields, problems = read_expert(_typed(request), request.POST.getlist("occupations"))
        if not problems:
            with catching(problems):
                made = actions.register(
                    viewer=request.viewer,
                    id_number=request.POST.get("id_number", ""),
                    username=request.POST.get("username", ""),
                    **fields,
                )
                return _password_page(request, made.pk, f"{made.name}已登记，尚待启用。")
    start = {"term_until": f"{clock.today().year + 3}-12-31", "occupations": []}
    return _form(request, typed(request, start), problems, None)


@page(roles=HR, methods=("GET", "POST"))
def expert_edit(request: Request, expert_id: int) -> HttpResponse:
    """Change what the pool knows of an expert."""
    found = queries.expert(request.viewer, expert_id)
    problems: list[DomainError] = []
    if request.method == "POST":
        fields, problems = read_expert(_typed(request), request.POST.getlist("occupations"))
        if not problems:
            with catching(problems):
                actions.edit(viewer=request.viewer, expert_id=expert_id, **fields)
                return done(request, "已保存。", "desk-expert", expert_id=expert_id)
    return _form(request, typed(request, values_of(found)), problems, found)


def _form(
    request: Request, values: dict[str, Any], problems: list[DomainError], found: Any
) -> HttpResponse:
    held = values.get("occupations") or []
    rows = [held] if isinstance(held, str) else list(held)
    return desk_page(
        request,
        "desk/experts/edit.html",
        {
            "expert": found,
            "values": values,
            "problems": problems,
            "errors": by_field(problems),
            "fields": Field.choices,
            "rows": [text for text in rows if text.strip()] + [""] * 3,
            "occupations": pack().occupations.values(),
        },
    )


@page(roles=READERS)
def expert(request: Request, expert_id: int) -> HttpResponse:
    """One expert: what is known, what binds, where they served, what happened."""
    found = queries.expert(request.viewer, expert_id)
    around = listing().around(queries.pool(request.viewer), request, back=reverse("desk-experts"))
    return _expert_page(request, found, {"around": around})


def _expert_page(request: Request, found: Any, context: dict[str, Any]) -> HttpResponse:
    own = found.province == request.viewer.province
    may_edit = request.viewer.role in HR and own
    names = pack().occupations
    served = service(request.viewer, found.pk)
    return desk_page(
        request,
        "desk/experts/expert.html",
        {
            "expert": found,
            "around": {
                "back_url": reverse("desk-experts"),
                "at": 0,
                "previous_url": "",
                "next_url": "",
            },
            "expired": found.term_until < clock.today(),
            "occupations": [
                f"{code} {names[code].name}" if code in names else code
                for code in found.occupations
            ],
            "service": served,
            "standing": standing(served, clock.today().year),
            "borrowed": bool(request.viewer.province) and not own,
            "may_reappoint": may_edit and found.state in (State.ACTIVE, State.SUSPENDED),
            "longest": terms.longest_term(found.province),
            "history": [
                {"at": event.at, "text": WORDS.get(event.type, event.type)}
                for event in queries.history(found)
            ],
            "ties": Tie.choices,
            "verbs": _verbs(found.state) if may_edit else [],
            "may_edit": may_edit,
            "values": typed(request),
            **context,
        },
    )


WORDS = {
    "expert.registered": "登记",
    "expert.applied": "本人申请入库",
    "expert.imported": "批量导入",
    "expert.reappointed": "续聘",
    "expert.rated": "履职评价",
    "expert.activated": "启用",
    "expert.suspended": "暂停",
    "expert.removed": "退出专家库",
    "expert.edited": "修改资料",
    "expert.employment_added": "增加任职经历",
    "expert.relation_added": "增加利害关系",
    "expert.tie_dropped": "删除任职或关系",
    "expert.password_reset": "重置初始口令",
}


def _verbs(state: str) -> list[tuple[str, str]]:
    possible = {
        State.PENDING: ("activate", "remove"),
        State.ACTIVE: ("suspend", "remove"),
        State.SUSPENDED: ("activate", "remove"),
        State.REMOVED: ("activate",),
    }
    return [(verb, VERBS[verb][1]) for verb in possible[State(state)]]


@page(roles=HR, methods=("POST",))
def turn(request: Request) -> HttpResponse:
    """Activate, suspend or remove the chosen experts: names first, then all or none."""
    verb = request.POST.get("act", "")
    if verb not in VERBS:
        raise Invalid("请选择要办理的事项。")
    chosen = [int(each) for each in request.POST.getlist("ids") if each.isdigit()][:500]
    people = list(queries.pool(request.viewer).filter(pk__in=chosen).order_by("name", "id"))
    if not people:
        raise Invalid("没有选中专家。", remedy="请先在列表中勾选。")
    problems: list[DomainError] = []
    if request.POST.get("confirmed") == "yes":
        with catching(problems):
            actions.turn_all(
                viewer=request.viewer,
                expert_ids=[each.pk for each in people],
                target=VERBS[verb][0],
                reason=request.POST.get("reason", ""),
            )
            text = f"已{VERBS[verb][1]} {len(people)} 人。"
            if len(people) == 1:
                return done(request, text, "desk-expert", expert_id=people[0].pk)
            return done(request, text, "desk-experts")
    return desk_page(
        request,
        "desk/experts/turn.html",
        {
            "verb": VERBS[verb][1],
            "act": verb,
            "people": people,
            "names": [f"{each.name}（{each.unit_name}）" for each in people],
            "follows": FOLLOWS[verb],
            "problems": problems,
            "values": typed(request),
        },
    )


@page(roles=HR, methods=("POST",))
def ties(request: Request, expert_id: int) -> HttpResponse:
    """Add an employment or a relation, or take one back."""
    problems: list[DomainError] = []
    post = request.POST
    with catching(problems):
        if post.get("act") == "employment":
            since = read_date(post.get("since", ""), "起始日期", "since")
            if since is None:
                raise Invalid("请填写起始日期。", field="since")
            actions.add_employment(
                viewer=request.viewer,
                expert_id=expert_id,
                unit_name=post.get("unit_name", ""),
                unit_uscc=post.get("unit_uscc", ""),
                since=since,
                until=read_date(post.get("until", ""), "离开日期", "until"),
            )
        elif post.get("act") == "relation":
            actions.add_relation(
                viewer=request.viewer,
                expert_id=expert_id,
                kind=post.get("kind", ""),
                unit_name=post.get("related_unit", ""),
                unit_uscc=post.get("related_uscc", ""),
                person_name=post.get("person_name", ""),
                note=post.get("note", ""),
                until=read_date(post.get("tie_until", ""), "结束日期", "until"),
            )
        else:
            actions.drop_tie(
                viewer=request.viewer,
                expert_id=expert_id,
                employment_id=_number(post.get("employment", "")),
                relation_id=_number(post.get("relation", "")),
            )
        return done(request, "已保存；下次抽取按此计算回避。", "desk-expert", expert_id=expert_id)
    found = queries.expert(request.viewer, expert_id)
    return _expert_page(request, found, {"problems": problems, "errors": by_field(problems)})


@page(roles=HR, methods=("POST",))
def reappoint(request: Request, expert_id: int) -> HttpResponse:
    """Another term, with its reason."""
    problems: list[DomainError] = []
    with catching(problems):
        until = read_date(request.POST.get("new_term", ""), "新的聘期", "term_until")
        if until is None:
            raise Invalid("请填写新的聘期。", field="term_until")
        terms.reappoint(
            viewer=request.viewer,
            expert_id=expert_id,
            term_until=until,
            reason=request.POST.get("reason", ""),
        )
        return done(request, "已续聘。", "desk-expert", expert_id=expert_id)
    found = queries.expert(request.viewer, expert_id)
    return _expert_page(request, found, {"problems": problems, "errors": by_field(problems)})


@page(roles=HR, methods=("POST",))
def password(request: Request, expert_id: int) -> HttpResponse:
    """Make a new initial password and show it once."""
    return _password_page(request, expert_id, "已生成新的初始口令，原口令失效。")


def _password_page(request: Request, expert_id: int, text: str) -> HttpResponse:
    secret = actions.reset_password(viewer=request.viewer, expert_id=expert_id)
    found = queries.expert(request.viewer, expert_id)
    response = desk_page(
        request, "desk/experts/password.html", {"expert": found, "password": secret, "text": text}
    )
    response["Cache-Control"] = "no-store"
    return response


def _typed(request: Request) -> dict[str, str]:
    return {key: str(value) for key, value in request.POST.items()}


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() else 0


urlpatterns = [
    path("experts/", experts, name="desk-experts"),
    path("experts/new/", expert_new, name="desk-expert-new"),
    path("experts/turn/", turn, name="desk-experts-turn"),
    path("experts/<int:expert_id>/", expert, name="desk-expert"),
    path("experts/<int:expert_id>/edit/", expert_edit, name="desk-expert-edit"),
    path("experts/<int:expert_id>/ties/", ties, name="desk-expert-ties"),
    path("experts/<int:expert_id>/reappoint/", reappoint, name="desk-expert-reappoint"),
    path("experts/<int:expert_id>/password/", password, name="desk-expert-password"),
]
