"""The documents of a filing package, as plain data for the templates."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.regions import province_name
from jiangxin.core.policy import Field, computed_values
from jiangxin.core.policy.reading import field_text
from jiangxin.core.workflow import REGISTERED_ONCE
from jiangxin.core.workflow import ProjectState as P
from jiangxin.stages.application.models import Application, Version
from jiangxin.stages.application.queries import form_of
from jiangxin.stages.application.sealing import shown_answers
from jiangxin.stages.programme.models import Call, Track

FORM_TITLES = {
    "base": "国家级高技能人才培训基地建设项目申报表",
    "studio": "国家级技能大师工作室建设项目申报表",
}
NUMERALS = "一二三四五六七八九十"


def form_data(project: Application, version: Version) -> dict[str, Any]:
    """The application form of a frozen version for `form.typ`; personal numbers masked."""
    form = form_of(project)
    answers = shown_answers(version.answers)
    computed = computed_values(form, answers)
    labels = {field.key: field.label for _, field in form.fields()}
    return {
        "title": FORM_TITLES[project.kind],
        "mark": f"编号 {project.number}　第 {version.number} 版　版本码 {version.digest[:16]}",
        "cover": [
            ["项目名称", project.title],
            ["项目类型", Track(project.track).label],
            ["申报单位", project.unit_name],
            ["所在省份", province_name(project.province)],
            ["申报编号", project.number],
            ["提交时间", clock.long_moment(version.at)],
        ],
        "printed": _month(version.at.astimezone(clock.BEIJING)),
        "sections": [
            {
                "title": f"{NUMERALS[n] if n < len(NUMERALS) else n + 1}、{section.title}",
                "items": _items(section.fields, answers, computed),
            }
            for n, section in enumerate(form.sections)
        ],
        "evidence": [
            [str(n), labels.get(item["field"], item["field"]), item["name"], item["sha256"][:16]]
            for n, item in enumerate(version.evidence, start=1)
        ],
    }


def _month(day: date) -> str:
    return f"{day.year}年{day.month}月"


def _items(
    fields: tuple[Field, ...], answers: Mapping[str, Any], computed: Mapping[str, Any]
) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = []
    for field in fields:
        if field.kind == "table":
            rows = answers.get(field.key)
            items.append(
                {
                    "label": field.label,
                    "columns": [_with_unit(column) for column in field.columns],
                    "rows": [
                        [shown(column, row.get(column.key)) for column in field.columns]
                        for row in (rows if isinstance(rows, list) else [])
                    ],
                }
            )
            continue
        value = computed.get(field.key) if field.computed else answers.get(field.key)
        if not items or "pairs" not in items[-1]:
            items.append({"pairs": []})
        items[-1]["pairs"].append([_with_unit(field), shown(field, value)])
    return items


def _with_unit(field: Field) -> str:
    unit = "万元" if field.kind == "money" else field.unit
    return f"{field.label}（{unit}）" if unit else field.label


def shown(field: Field, value: Any) -> str:
    """An answer as the paper shows it; — for nothing."""
    if value is None or value == "" or value == []:
        return "—"
    return field_text(field, value)


def review_report(
    call: Call, review: dict[str, Any], publicity: dict[str, Any], *, on: date
) -> dict[str, Any]:
    """The review report (评审报告), dated `on`: the five parts that clause 3.3 names (N36)."""
    rounds = review["rounds"]
    chapters = [
        ("一、项目申请情况", _applications(call)),
        ("二、评审专家组成和评审程序", _by_kind(rounds, _panel)),
        ("三、评审方法", _by_kind(rounds, _method)),
        ("四、评审结果", _by_kind(rounds, _results)),
        ("五、公示情况", _publicity(publicity)),
    ]
    return {
        "title": f"{province_name(call.province)}{call.year}年国家级高技能人才培训基地\n和技能大师工作室建设项目评审报告",
        "mark": "",
        "chapters": [{"title": title, "parts": parts} for title, parts in chapters],
        "signed": _signed(call, on),
    }


def _outcome(state: str) -> str:
    """What became of an application in the province; what the ministries do with it is not told."""
    confirmed = (P.CONFIRMED, P.FILED, P.FILING_RETURNED, *REGISTERED_ONCE)
    return (P.CONFIRMED if state in confirmed else P(state)).label


def _by_kind(
    rounds: list[dict[str, Any]], tell: Callable[[dict[str, Any]], list[dict[str, Any]]]
) -> list[dict[str, Any]]:
    """What is told of each kind of project, under its numbered heading."""
    return [
        part
        for number, each in enumerate(rounds)
        for part in ({"heading": f"（{NUMERALS[number]}）{each['kind_label']}"}, *tell(each))
    ]


def plain_report(call: Call, title: str, text: str, *, on: date) -> dict[str, Any]:
    """A report that the province wrote, dated `on`, for `report.typ`; each line a paragraph."""
    parts = [{"text": line.strip()} for line in text.splitlines() if line.strip()]
    return {
        "title": title,
        "mark": "",
        "chapters": [{"title": "", "parts": parts}],
        "signed": _signed(call, on),
    }


def _signed(call: Call, on: date) -> list[str]:
    name = province_name(call.province)
    return [f"{name}人力资源社会保障部门", f"{name}财政部门", f"{on.year}年{on.month}月{on.day}日"]


def _applications(call: Call) -> list[dict[str, Any]]:
    rows = list(
        call.applications.filter(version__gt=0).exclude(state="draft").order_by("track", "number")
    )
    counts = {track: sum(row.track == track for row in rows) for track in Track}
    told = "，".join(f"{track.label} {count} 个" for track, count in counts.items())
    return [
        {"text": f"{call.title}（{call.doc_number}）发布后，共收到申报 {len(rows)} 个：{told}。"},
        {
            "columns": ["编号", "申报单位", "类型", "办理结果"],
            "widths": [7, 10, 6, 6],
            "rows": [
                [r.number, r.unit_name, Track(r.track).label, _outcome(r.state)] for r in rows
            ],
        },
    ]


def _panel(each: dict[str, Any]) -> list[dict[str, Any]]:
    procedure = each["procedure"]
    steps = [
        f"{clock.long_date(draw['drawn_at'].astimezone(clock.BEIJING).date())}随机抽取"
        f"：专家库中 {draw['pool']} 名专家参加，事先回避 {draw['excluded']} 名，"
        f"由{'、'.join(party['name'] for party in draw['parties'])}分别提供随机数。"
        f"抽取场次 {draw['session']}，记录摘要值 {draw['digest'][:16]}。"
        for draw in procedure["draws"]
        if draw["digest"] and draw["drawn_at"]
    ]
    moved = [
        f"{row['field']}第 {row['place']} 席因{row['reason']}递补。"
        for row in procedure["replacements"]
    ]
    avoided = [
        f"专家{row['expert']}对项目“{row['project']}”申明回避，未评分。"
        for row in procedure["conflicts"]
    ]
    return [
        {
            "columns": ["专业", "席次", "姓名", "单位", "职称或等级"],
            "widths": [2, 2, 3, 7, 4],
            "rows": [
                [row["field"], str(row["place"]), row["name"], row["unit"], row["title"]]
                for row in each["panel"]
            ],
        },
        *({"text": text} for text in steps + moved + avoided),
    ]


def _method(each: dict[str, Any]) -> list[dict[str, Any]]:
    method = each["method"]
    return [
        {
            "text": f"采用“{by['name']}”，总分 {by['total']} 分，合格线 {by['pass_points']} 分，"
            f"分为{_groups(by)}；"
            f"专家独立评分，汇总方法为{method['aggregation']}。{method['conflict_rule']}"
        }
        for by in method["rubrics"]
    ]


def _groups(by: dict[str, Any]) -> str:
    return "、".join(f"{group['name']} {group['points']} 分" for group in by["groups"])


def _results(each: dict[str, Any]) -> list[dict[str, Any]]:
    told, decided = each["statistics"], each["procedure"]["decided_at"]
    agreed = (
        f"{clock.long_date(decided.astimezone(clock.BEIJING).date())}，人社、财政两部门会商确定拟推荐名单。"
        if decided
        else ""
    )
    return [
        {
            "text": f"评审项目 {told['projects']} 个，有效评分表 {told['sheets']} 份，"
            f"最高 {told['highest']} 分，最低 {told['lowest']} 分；拟推荐 {told['selected']} 个。{agreed}"
        },
        {
            "columns": ["名次", "项目", "得分", "是否推荐", "理由"],
            "widths": [2, 10, 3, 4, 6],
            "rows": [
                [
                    str(row["rank"]),
                    row["title"],
                    row["total"],
                    "是" if row["selected"] else "否",
                    row["reason"] or "—",
                ]
                for row in each["results"]
            ],
        },
    ]


def _publicity(facts: dict[str, Any]) -> list[dict[str, Any]]:
    if not facts:
        return []
    objections = "，".join(f"{row['outcome']} {row['count']} 条" for row in facts["objections"])
    return [
        {
            "text": f"《{facts['title']}》自{clock.long_date(facts['starts_on'])}至"
            f"{clock.long_date(facts['ends_on'])}公示 {facts['days']} 个工作日，公示项目 {facts['projects']} 个。"
            f"{'收到异议：' + objections if objections else '公示期间未收到异议'}。"
        }
    ]
