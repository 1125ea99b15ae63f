"""The minutes of a review: what was ranked, marked anew, dissented from, proposed and agreed."""

from typing import Any

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.regions import province_name
from jiangxin.core.workflow import Department
from jiangxin.records.concurrence.queries import rounds as words
from jiangxin.records.documents.rendering import pdf
from jiangxin.stages.programme.models import Kind

from .models import Round
from .queries.ranking import proposal_digest
from .queries.report import report_of

MEETING = (("held_on", "会议时间"), ("place", "会议地点"), ("present", "参加人员"))


def minutes_pdf(row: Round) -> bytes:
    """The minutes as an official document; before the decision it says that it is a draft."""
    at = row.decided_at or clock.now()
    facts = report_of(row)
    name = province_name(row.call.province)
    mark = f"摘要值 {proposal_digest(row)[:16]}"
    data = {
        "title": f"{name}{row.call.year}年{Kind(row.kind).label}\n评审和遴选纪要",
        "mark": mark if row.decided_at else f"草稿　{mark}",
        "chapters": [
            {"title": "一、会议情况", "parts": _meeting(row)},
            {"title": "二、评审规则", "parts": _rules(facts)},
            {"title": "三、汇总结果", "parts": _ranking(facts)},
            {"title": "四、合议后改评", "parts": _revisions(facts)},
            {"title": "五、专家的不同意见", "parts": _dissents(facts)},
            {"title": "六、拟推荐名单和理由", "parts": _proposal(facts)},
            {"title": "七、两部门会商意见", "parts": _words(row)},
        ],
        "signed": [
            f"{name}人力资源社会保障部门",
            f"{name}财政部门",
            clock.long_date(at.astimezone(clock.BEIJING).date()),
        ],
    }
    return pdf("report", data, at=at)


def _text(*lines: str) -> list[dict[str, Any]]:
    return [{"text": line} for line in lines]


def _table(columns: list[str], widths: list[int], rows: list[list[str]]) -> dict[str, Any]:
    return {"columns": columns, "widths": widths, "rows": rows}


def _meeting(row: Round) -> list[dict[str, Any]]:
    kept = row.minutes
    lines = [f"{label}：{kept[key]}。" for key, label in MEETING if kept.get(key)]
    notes = [line.strip() for line in kept.get("notes", "").splitlines() if line.strip()]
    return _text(*(lines + notes or ["会议情况未另行记录。"]))


def _rules(facts: dict[str, Any]) -> list[dict[str, Any]]:
    lines = [f"{each['label']}：{each['text']}。" for each in facts["method"]["rules"]]
    return _text(*lines, f"汇总方法：{facts['method']['aggregation']}。")


def _ranking(facts: dict[str, Any]) -> list[dict[str, Any]]:
    rows = [
        [
            str(each["rank"]),
            each["title"],
            each["total"],
            each["first_total"] or "—",
            each["grade"] or ("合格" if each["qualified"] else "不合格"),
            str(each["rank_best"])
            if each["rank_best"] == each["rank_worst"]
            else f"{each['rank_best']}–{each['rank_worst']}",
        ]
        for each in facts["results"]
    ]
    heads = ["名次", "项目", "得分", "合议前", "结论", "名次区间"]
    low = [
        f"{each['title']}：{'；'.join(each['shortfalls'])}。"
        for each in facts["results"]
        if each["shortfalls"]
    ]
    votes = [
        _table(
            ["项目", "专家", "表决"],
            [8, 4, 3],
            [[each["project"], each["expert"], each["word"]] for each in facts["ballots"]],
        )
    ]
    return [
        _table(heads, [2, 9, 3, 3, 3, 3], rows),
        *_text(*low),
        *(votes if facts["ballots"] else []),
    ]


def _revisions(facts: dict[str, Any]) -> list[dict[str, Any]]:
    rows = [
        [each["project"], each["expert"], each["first"], each["now"], each["reason"]]
        for each in facts["revisions"]
    ]
    heads = ["项目", "专家", "原评分", "改评", "理由"]
    return [_table(heads, [6, 3, 2, 2, 7], rows)] if rows else _text("没有改评。")


def _dissents(facts: dict[str, Any]) -> list[dict[str, Any]]:
    lines = [
        f"{each['expert']}（{'项目“' + each['project'] + '”' if each['project'] else '全部结果'}）：{each['text']}"
        for each in facts["dissents"]
    ]
    return _text(*(lines or ["没有专家提出不同意见。"]))


def _proposal(facts: dict[str, Any]) -> list[dict[str, Any]]:
    rows = [
        [
            str(each["rank"]),
            each["title"],
            "是" if each["selected"] else "否",
            each["reason"] or "—",
        ]
        for each in facts["results"]
    ]
    return [_table(["名次", "项目", "拟推荐", "理由"], [2, 9, 3, 8], rows)]


def _words(row: Round) -> list[dict[str, Any]]:
    lines = [
        f"{Department(each.department).label}：{each.name}，{clock.long_moment(each.at)}，"
        f"{'同意' if each.agreed else '不同意'}{'；' + each.remark if each.remark else ''}"
        f"{'（已失效：' + each.void_reason + '）' if each.void_at else ''}。"
        for each in words(row.subject)
    ]
    return _text(*(lines or ["两部门尚未表示意见。"]))
