"""The form of a case of good experience, for the desk and for units alike."""

from typing import Any

from django.http import HttpRequest

from jiangxin.stages.experience.actions import TEXTS, Story
from jiangxin.stages.experience.queries import functions

from .asking import Question

KEYS = (*TEXTS, "function")
INTRO = "写清做法和成效，让别人能照着做。内容要向社会公布：不要写入身份证号、手机号、账号。"
FILES = "佐证材料（供审核，不公开）"


def questions() -> tuple[Question, ...]:
    """What is asked for."""
    return (
        Question("headline", "标题", max_length=100),
        Question(
            "function",
            "体现哪项功能",
            "choice_radio",
            options=tuple(functions().items()),
            clause="1",
        ),
        Question("summary", "摘要", "longtext", help="一两句话，300 字以内。", max_length=300),
        Question("text", "正文", "longtext", max_length=10_000),
    )


def story(request: HttpRequest) -> Story:
    """What the form sent."""
    return Story(**{key: request.POST.get(key, "") for key in KEYS})


def stored(row: Any) -> dict[str, str]:
    """What stands in the inputs of a case that is kept."""
    return {key: getattr(row, key) for key in KEYS}
