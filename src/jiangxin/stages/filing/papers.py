"""The documents of a filing package, as plain data for the templates."""

from collections.abc import Callable
from datetime import date
from typing import Any

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.regions import province_name
from jiangxin.core.workflow import REGISTERED_ONCE
from jiangxin.core.workflow import ProjectState as P
from jiangxin.stages.application.paper import NUMERALS
from jiangxin.stages.programme.models import Call, Track


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
    rules = [{"text": f"{line['label']}：{line['text']}。"} for line in method["rules"]]
    return [
        *rules,
        *_standards(method),
    ]


def _standards(method: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {
            "text": f"{by['track']}采用“{by['name']}”，总分 {by['total']} 分，合格线 {by['pass_points']} 分，"
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
        *({"text": text} for text in (*_revisions(each), *_dissents(each))),
    ]


def _revisions(each: dict[str, Any]) -> list[str]:
    """What was marked anew after the panel had met: the first score and the present one."""
    return [
        f"合议后，专家{row['expert']}对“{row['project']}”的评分由 {row['first']} 分改为 {row['now']} 分，"
        f"理由：{row['reason']}。"
        for row in each["revisions"]
    ]


def _dissents(each: dict[str, Any]) -> list[str]:
    """The signed dissents in full; that there is none is said, too."""
    return [
        f"专家{row['expert']}对{'“' + row['project'] + '”' if row['project'] else '全部结果'}"
        f"提出不同意见：{row['text']}"
        for row in each["dissents"]
    ] or ["没有专家对评审结果提出书面不同意见。"]


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
