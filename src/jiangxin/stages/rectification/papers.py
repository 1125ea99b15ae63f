"""The order to mend as an official document."""

from typing import Any

from jiangxin.core.kernel import clock
from jiangxin.records.documents.rendering import pdf
from jiangxin.stages.acceptance.papers import signed_by

from .models import Rectification


def order_pdf(row: Rectification) -> bytes:
    """The paper that is served: why, what, until when, and what follows if it is not done."""
    at = row.ordered_at or clock.now()
    title = row.title
    data: dict[str, Any] = {
        "title": "限期整改通知书",
        "mark": f"{row.doc_number or title.number}　摘要值 {row.digest()[:16]}",
        "chapters": [
            {
                "title": "",
                "parts": [
                    {"text": f"{title.unit_name}："},
                    {
                        "text": f"你单位“{title.name}”（编号 {title.number}，{title.year}年确定）"
                        f"存在以下问题（{row.get_source_display()}）："
                    },
                    *({"text": line} for line in row.cause.splitlines() if line.strip()),
                ],
            },
            {
                "title": "一、整改要求",
                "parts": [
                    {
                        "columns": ["序号", "整改要求", "责任人"],
                        "widths": [1, 8, 2],
                        "rows": [
                            [str(each.number), each.requirement, each.owner]
                            for each in row.items.all()
                        ],
                    }
                ],
            },
            {
                "title": "二、整改期限",
                "parts": [
                    {
                        "text": f"自本通知送达之日起 {row.months} 个月。期满前请逐项提交整改情况和"
                        "证明材料，由省级人社、财政部门组织复查。"
                    }
                ],
            },
            {
                "title": "三、后果",
                "parts": [
                    {
                        "text": "依据人社部发〔2022〕62号四（三），不符合建设条件或未达到项目绩效目标的"
                        "限期整改，一年内整改后仍不能满足要求的，取消项目称号。"
                    }
                ],
            },
        ],
        "signed": signed_by(title.province, at),
    }
    return pdf("report", data, at=at)
