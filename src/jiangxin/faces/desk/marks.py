"""The two departments' marks as the `principals` macro wants them."""

from typing import Any

from jiangxin.records.concurrence.queries import Mark, Marks


def shown_mark(mark: Mark) -> dict[str, Any] | None:
    """One mark: nothing while the department has not spoken."""
    if mark.state == "empty":
        return None
    return {"status": mark.state, "who": mark.name, "at": mark.at, "remark": mark.remark}


def shown_marks(marks: Marks) -> dict[str, Any]:
    """Both marks by department: hr and finance."""
    return {department.value: shown_mark(mark) for department, mark in marks.items()}
