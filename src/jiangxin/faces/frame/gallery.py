"""Every building block with sample data, to look at and to test; only in DEBUG or demo mode."""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.urls import reverse

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import Invalid, NotFound
from jiangxin.core.kernel.regions import PROVINCES
from jiangxin.core.policy.forms import Computed, Field, Option
from jiangxin.core.policy.verdict import Verdict

from .columns import Cell, Chip, ColumnChoice, Head, Link, Row
from .export import heading
from .listing import Column, Listing, choice, number, province
from .pages import ANYONE, Request, page, render
from .pictures import Chart, Heading, Picture, Series, tiles

LAYOUTS = ("portal", "workspace", "desk", "notice", "error")


def require_open() -> None:
    """Raises `NotFound` outside DEBUG and demo mode."""
    if not (settings.DEBUG or settings.DEMO):
        raise NotFound("没有找到这个页面。", remedy="请从首页进入。")


@page(roles=ANYONE)
def gallery(request: Request) -> HttpResponse:
    """All macros on one page."""
    require_open()
    return render(request, "frame/gallery.html", sample(), status=200)


@page(roles=ANYONE)
def layout(request: Request, name: str) -> HttpResponse:
    """One of the layouts with a little content."""
    require_open()
    if name == "error" or name not in LAYOUTS:
        raise NotFound("没有找到这个样例。", remedy=f"可看：{'、'.join(LAYOUTS)}。", clause="3.3")
    return render(request, f"frame/gallery_{name}.html", sample() | frames(), status=200)


def frames() -> dict[str, Any]:
    """What the layouts need beside the page: navigation and the strip."""
    here = reverse("gallery")
    sections = [
        ("", [("工作台", "home", 0), ("全部项目", "list", 0)]),
        ("申报与审查", [("申报通知", "send", 0), ("资格审查", "scale", 12)]),
        ("评审", [("专家库", "users", 0), ("专家抽取", "dice", 1), ("评审与排序", "star", 3)]),
        ("公示与备案", [("公示", "eye", 2), ("备案材料", "archive", 0)]),
        ("建成以后", [("名录", "medal", 0), ("整改", "flag", 1)]),
    ]
    return {
        "desk": {
            "province": "江苏省",
            "year": 2025,
            "years": [{"year": year, "url": f"{here}?year={year}"} for year in (2025, 2024)],
            "search_url": here,
            "sections": [
                {
                    "label": label,
                    "items": [
                        {
                            "label": item,
                            "icon": icon,
                            "count": count,
                            "url": here,
                            "active": item == "资格审查",
                        }
                        for item, icon, count in items
                    ],
                }
                for label, items in sections
            ],
        },
        "portal_nav": [
            {"label": label, "url": here, "active": label == "公示公告"}
            for label in ("首页", "公示公告", "名录", "全国情况", "核验")
        ],
        "workspace_nav": [{"label": "我的申报", "url": here, "active": True}],
        "strip": deadline() | {"submitted": False},
    }


def deadline() -> dict[str, Any]:
    return {
        "what": "2025 年度新建培训基地申报",
        "at": clock.beijing(2025, 10, 31, 17),
        "left_days": 12,
        "missed": "逾期系统不再接收；省级逾期不报备案，视为当年无申报项目。",
        "phone": "025-0000 0000",
        "submitted": False,
    }


def fields() -> list[Field]:
    """One field of every kind."""
    some = (Option("a", "先进制造业"), Option("b", "战略性新兴产业"), Option("c", "康养"))
    levels = (Option("senior", "高级工"), Option("technician", "技师"))
    jobs = (Option("6-18-01-01", "车工"), Option("6-18-02-04", "焊工"))
    columns = (
        Field(key="year", label="年度", kind="year", required=True),
        Field(key="job", label="职业", kind="occupation", options=jobs),
        Field(key="level", label="等级", kind="level", options=levels),
        Field(key="people", label="培训人次", kind="integer", unit="人次", required=True),
        Field(key="cost", label="经费", kind="money"),
    )
    return [
        Field(key="name", label="单位名称", kind="text", required=True, max_length=100),
        Field(
            key="uscc",
            label="统一社会信用代码",
            kind="uscc",
            help="与营业执照或事业单位法人证书一致。",
        ),
        Field(
            key="people",
            label="年培训规模",
            kind="integer",
            unit="人次",
            required=True,
            clause="2.1.1.2",
            help="填上一年度实际完成的培训人次，同一人参加两次培训计 2 人次。",
        ),
        Field(key="budget", label="建设预算", kind="money", clause="4.4"),
        Field(key="since", label="成立日期", kind="date"),
        Field(key="first", label="首次开展培训的年份", kind="year"),
        Field(key="industry", label="主要面向的行业", kind="choice", options=some),
        Field(key="areas", label="优先支持领域", kind="multichoice", options=some, clause="2.1"),
        Field(key="platform", label="是否建有信息化平台", kind="yesno", clause="2.1.1.3"),
        Field(
            key="law",
            label="本单位近 3 年未受过刑事行政处罚和失信联合惩戒。",
            kind="attest",
            clause="2.1.1.1",
        ),
        Field(key="job", label="特色职业工种", kind="occupation", options=jobs),
        Field(key="level", label="带头人技能等级", kind="level", options=levels, clause="2.2"),
        Field(key="person", label="带头人身份证号", kind="id_number"),
        Field(key="phone", label="联系电话", kind="phone"),
        Field(key="mail", label="电子邮箱", kind="email"),
        Field(key="plan", label="建设思路", kind="longtext", max_length=500),
        Field(
            key="trainings",
            label="近三年培训情况",
            kind="table",
            columns=columns,
            min_rows=2,
            max_rows=20,
            required=True,
            clause="2.1.2.4",
            help="按年度、职业分行填写。",
        ),
        Field(
            key="total",
            label="三年培训总量",
            kind="integer",
            unit="人次",
            computed=Computed(op="sum", table="trainings", column="people"),
        ),
    ]


def typed_values() -> dict[str, list[str]]:
    """What somebody has typed into `fields`, some of it wrong."""
    return {
        "name": ["江南高级技工学校（示例）"],
        "uscc": ["91320000MA1ABCDE0X"],
        "people": ["二千"],
        "budget": ["320.50"],
        "since": ["1998-09-01"],
        "first": ["1999"],
        "industry": ["a"],
        "areas": ["a", "c"],
        "platform": ["yes"],
        "law": ["yes"],
        "plan": ["以产业需求为导向。\n工学一体，产训结合。"],
        "trainings-0-year": ["2023"],
        "trainings-0-job": ["6-18-01-01 车工"],
        "trainings-0-level": ["senior"],
        "trainings-0-people": ["1,200"],
        "trainings-3-year": ["2024"],
        "trainings-3-people": ["很多"],
        "total": ["1200"],
    }


PROJECTS = Listing(
    columns=(
        Column("number", "编号", lambda row: row.number, sort="number"),
        Column("unit", "单位", lambda row: row.unit, sort="unit"),
        Column("province", "省份", lambda row: row.province, sort="province"),
        Column("state", "状态", lambda row: row.state, kind="state", sort="state"),
        Column("budget", "预算", lambda row: row.budget, kind="money", sort="budget"),
        Column("at", "提交时间", lambda row: row.at, kind="moment", default=False),
    ),
    keywords=(
        province(),
        choice("状态", "state", [("submitted", "已提交"), ("publicised", "公示中")]),
        number("预算", "budget", "万元，可用 > < 或 100..300", scale=1_000_000, example=">300"),
    ),
)


def rows() -> list[Row]:
    units = ("江南高级技工学校（示例）", "华东精密制造集团（示例）", "滨海康养职业学院（示例）")
    states = (("submitted", "已提交"), ("publicised", "公示中"), ("returned", "退回补正"))
    return [
        Row(
            str(place),
            unit,
            reverse("gallery") + f"?at={place}",
            [
                Cell("text", f"2025-32-{place:03d}"),
                Cell("text", unit),
                Cell("text", "江苏"),
                Cell("state", state[1], state[0]),
                Cell("money", 320_500_000 + place * 12_345_600),
            ],
        )
        for place, (unit, state) in enumerate(zip(units * 3, states * 3, strict=True), start=1)
    ]


def listing() -> SimpleNamespace:
    """A page of a list as `Shown` would give it, without a database."""
    here = reverse("gallery")
    chosen = [column for column in PROJECTS.columns if column.default]
    return SimpleNamespace(
        path=here,
        q="省:江苏 状态:公示中",
        kept=[("sort", "-budget")],
        columns=[ColumnChoice(c.key, c.label, c.default) for c in PROJECTS.columns],
        heads=[
            Head(heading(c.label, c.kind), c.kind, here, "descending" if c.key == "budget" else "")
            for c in chosen
        ],
        help=list(PROJECTS.keywords),
        text_help=PROJECTS.text_help,
        chips=[Chip("省:江苏", here), Chip("状态:公示中", here)],
        clear_url=here,
        problems=[],
        rows=rows(),
        total=1234,
        page=3,
        pages=25,
        filtered=True,
        previous_url=here,
        next_url=here,
        page_links=[
            Link("1", here),
            Link("2", here),
            Link("3", ""),
            Link("…", ""),
            Link("25", here),
        ],
        export_csv=here,
        export_xlsx=here,
    )


def drawn() -> Picture:
    """A picture with everything: a chart with a forecast and a target, tiles, a table."""
    counts: dict[str, int | None] = {p.code: (n * 7) % 23 for n, p in enumerate(PROVINCES)}
    years = ["2022", "2023", "2024"]
    return Picture(
        key="sample",
        title="各省项目（样例）",
        clause="1",
        as_of=clock.now(),
        note="推算部分以虚线表示。",
        heads=(Heading("name", "省份", "text"), Heading("count", "项目", shade=True)),
        rows=[(p.name, counts[p.code]) for p in PROVINCES],
        total=("全国", sum(each or 0 for each in counts.values())),
        charts=[
            Chart(
                "sample",
                "项目累计",
                "个",
                years,
                [Series("新建", [3, 8, 8]), Series("推算", [None, None, 5], expected=True)],
                target=15,
            )
        ],
        tiles=tiles(counts, lambda _: "/gallery/"),
    )


def sample() -> dict[str, Any]:
    """The whole context of the gallery; times are fixed so that pictures compare."""
    at = clock.beijing(2025, 9, 12, 15, 20)
    agreed = {"status": "agreed", "who": "王处长", "at": at}
    return {
        "fields": fields(),
        "values": typed_values(),
        "errors": {
            "people": "“二千”不是整数。请填写不小于 0 的整数。",
            "trainings-3-people": "“很多”不是整数。",
        },
        "errors_found": [
            Invalid("“二千”不是整数。", remedy="请填写不小于 0 的整数。", field="people"),
            Invalid("带头人已以相同单位申报。", remedy="请更换带头人。", clause="2.2"),
        ],
        "findings": findings(),
        "marks": {
            "agreed": agreed,
            "disagreed": {"status": "disagreed", "who": "李处长", "at": at + timedelta(days=1)},
            "void": {"status": "void", "who": "李处长", "at": at},
        },
        "steps": steps(),
        "tasks": tasks(),
        "deadline": deadline(),
        "tiles": [
            {"label": "待审查", "value": 12, "unit": "项", "url": "#", "note": "最早 9 月 3 日"},
            {"label": "公示中", "value": 5, "unit": "项", "tone": "blue"},
            {
                "label": "名额",
                "value": "5 / 5",
                "note": "三（一）原则上不超过 5 个",
                "tone": "amber",
            },
            {"label": "距备案截止", "value": 48, "unit": "天", "tone": "red"},
        ],
        "list": listing(),
        "empty": {"title": "还没有申报", "why": "申报通知发布后，单位提交的申报会出现在这里。"},
        "around": SimpleNamespace(back_url="#", at=17, total=345, previous_url="#p", next_url="#n"),
        "drawn": drawn(),
        "changes": [
            {"section": "培训能力", "label": "年培训规模", "before": "1800", "after": "2300"},
            {"section": "", "label": "信息化平台", "before": "", "after": "已建"},
        ],
        "files": [
            {"id": 1, "name": "营业执照.pdf", "size": "1.2 MB", "at": at, "url": "#"},
            {"id": 2, "name": "实训场所照片与设备清单.pdf", "size": "8.4 MB", "at": at, "url": "#"},
        ],
        "job": {
            "label": "正在生成备案材料",
            "done": 34,
            "total": 120,
            "note": "约 12 份/秒",
            "cancel_url": "#",
        },
    }


def findings() -> list[SimpleNamespace]:
    return [
        SimpleNamespace(
            title="年培训规模",
            verdict=Verdict.MET,
            because="能满足年培训 2300 人次，要求 2000 人次以上。",
            would_change="少于 2000 人次时为不符合。",
            clause="2.1.1.2",
        ),
        SimpleNamespace(
            title="职业工种",
            verdict=Verdict.NOT_MET,
            because="填报 4 个职业工种，要求 5 个以上。",
            would_change="再增加 1 个即符合。",
            clause="2.1.1.3",
        ),
        SimpleNamespace(
            title="管理能力",
            verdict=Verdict.UNKNOWN,
            because="已声明并附佐证，须由审查人评判确认。",
            would_change="",
            clause="2.1.1.1",
        ),
    ]


def steps() -> list[dict[str, Any]]:
    names = ("发布通知", "申报截止", "专家评审", "公示", "备案截止")
    status = ("done", "done", "now", "next", "late")
    days = ((3, 1), (6, 30), (8, 20), (9, 25), (10, 31))
    return [
        {
            "label": name,
            "at": clock.beijing(2025, *day).date(),
            "status": state,
            "note": "余 2 个工作日" if state == "late" else "",
        }
        for name, day, state in zip(names, days, status, strict=True)
    ]


def tasks() -> list[dict[str, str]]:
    names = ("单位基本情况", "培训能力", "实训条件", "师资与课程", "建设目标", "经费预算")
    status = ("done", "done", "problem", "partial", "empty", "none")
    notes = ("", "", "年培训人次与分年合计不一致", "", "", "已建项目无需填写")
    return [
        {"label": name, "status": state, "note": note, "url": "" if state == "none" else "#"}
        for name, state, note in zip(names, status, notes, strict=True)
    ]
