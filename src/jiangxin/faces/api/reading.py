"""What the addresses share: pages over a scoped query, and rows as plain values."""

from typing import Any

from django.db.models import QuerySet

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import Invalid
from jiangxin.core.kernel.regions import BY_CODE, province_name


def page_of(rows: QuerySet[Any, Any], page: int, size: int) -> dict[str, Any]:
    """One page of an ordered query of `values()`; two queries. A page past the end is empty."""
    start = (page - 1) * size
    items = [shown(row) for row in rows[start : start + size]]
    return {"total": rows.count(), "page": page, "size": size, "items": items}


def shown(row: dict[str, Any]) -> dict[str, Any]:
    """A row with its province's name, and moments in Beijing time."""
    found = {
        key: value.astimezone(clock.BEIJING) if hasattr(value, "astimezone") else value
        for key, value in row.items()
    }
    if "province" in found:
        found["province_name"] = province_name(found["province"])
    return found


def filtered(rows: QuerySet[Any, Any], **asked: Any) -> QuerySet[Any, Any]:
    """`rows` with every condition that was asked for. Raises `Invalid` for an unknown province."""
    province = next((value for key, value in asked.items() if key.endswith("province")), None)
    if province and province not in BY_CODE:
        raise Invalid(
            f"没有省级单位“{province}”。", remedy="请用 GB/T 2260 的两位代码。", field="province"
        )
    return rows.filter(**{key: value for key, value in asked.items() if value not in (None, "")})
