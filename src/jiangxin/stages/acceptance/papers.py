"""The conclusion of an acceptance as an official document."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.regions import province_name
from jiangxin.core.scoring.points import shown
from jiangxin.records.documents.rendering import pdf
from jiangxin.stages.experts.choices import Field
from jiangxin.stages.review.choices import SheetState

from .choices import Tick
from .models import Acceptance, Sheet
from .rules import passed, result, rubric_of


def first_conclusion(row: Acceptance) -> str:
    """A wording to start from; the departments change it as they see fit."""
    score = f"绩效评价得分 {shown(row.score or 0)} 分，等次为{row.grade}。"
    lines = [f"经验收组核查资料、账目和现场，{row.title.name}{score}"]
    lines += [f"{each}。" for each in row.shortfalls]
    lines.append(
        "同意通过验收。" if passed(row) else "不予通过验收，限期整改，整改期限和要求另行通知。"
    )
    return "\n".join(lines)


def signed_by(province: str, moment: Any) -> list[str]:
    """The two departments of a province and the day, at the foot of a paper."""
    name, day = province_name(province), moment.astimezone(clock.BEIJING).date()
    return [
        f"{name}人力资源社会保障部门",
        f"{name}财政部门",
        f"{day.year}年{day.month}月{day.day}日",
    ]


def conclusion_pdf(row: Acceptance, panel: Sequence[Sheet]) -> bytes:
    """The paper: what was handed in, how the panel looked at it, score and grade, the conclusion."""
    at = row.concluded_at or clock.now()
    data = {
        "title": f"{row.title.name}\n验收和绩效评价结论",
        "mark": f"编号 {row.title.number}　摘要值 {row.digest()[:16]}",
        "chapters": [
            {"title": "一、项目基本情况", "parts": _about(row)},
            {"title": "二、绩效目标完成情况（单位自评）", "parts": [_goals(row)]},
            {"title": "三、验收组核查情况", "parts": [_panel(panel), _checklist(row)]},
            {"title": "四、绩效评价", "parts": _scores(row, panel)},
            {
                "title": "五、验收结论",
                "parts": [{"text": line} for line in row.conclusion.splitlines() if line.strip()],
            },
        ],
        "signed": signed_by(row.title.province, at),
    }
    return pdf("report", data, at=at)


def _about(row: Acceptance) -> list[dict[str, Any]]:
    title = row.title
    return [
        {
            "text": f"项目名称：{title.name}。建设单位：{title.unit_name}。确定年度：{title.year}年。"
            f"申请验收日期：{clock.long_date(row.applied_at.astimezone(clock.BEIJING).date())}。"
        }
    ]


def _goals(row: Acceptance) -> dict[str, Any]:
    return {
        "columns": ["序号", "指标", "目标值", "实际完成", "说明"],
        "widths": [1, 4, 2, 2, 3],
        "rows": [
            [
                str(line["number"]),
                line["indicator"],
                f"{line['target']}{line['unit']}",
                f"{line['actual']}{line['unit']}",
                line["note"] or "—",
            ]
            for line in row.goals
        ],
    }


def _panel(panel: Sequence[Sheet]) -> dict[str, Any]:
    """How the panel is made up; its members are named to the province only."""
    counts = Counter(each.expert.field for each in panel)
    made = "、".join(f"{field.label} {counts[field]} 人" for field in Field if counts[field])
    return {
        "text": f"验收组由省级专家库专家 {len(panel)} 人组成（{made}），均与项目单位无利害关系。"
    }


def _checklist(row: Acceptance) -> dict[str, Any]:
    return {
        "columns": ["核查内容", "结果", "说明"],
        "widths": [6, 2, 4],
        "rows": [
            [item["name"], Tick(item["tick"]).label, item["note"] or "—"] for item in row.checklist
        ],
    }


def _scores(row: Acceptance, panel: Sequence[Sheet]) -> list[dict[str, Any]]:
    by = rubric_of(row)
    signed = [each for each in panel if each.state == SheetState.SIGNED]
    means = result(row, signed).by_group
    table = {
        "columns": ["指标组", "分值", "得分（平均）"],
        "widths": [6, 2, 2],
        "rows": [[group.name, shown(group.points), shown(means[group.id])] for group in by.groups],
    }
    return [
        {"text": f"评分标准：{by.name}（{by.version}）。{len(signed)} 名专家独立评分。"},
        table,
        {"text": f"平均得分 {shown(row.score or 0)} 分，等次：{row.grade}。"},
        *({"text": f"{each}。"} for each in row.shortfalls),
    ]
