"""The 32 provincial units of the programme: 31 by GB/T 2260 and 新疆生产建设兵团.

`row`/`col` place each unit on a tile map: no borders are drawn.
"""

from typing import NamedTuple


class Province(NamedTuple):
    code: str
    name: str
    short: str
    row: int
    col: int


PROVINCES: tuple[Province, ...] = (
    Province("11", "北京市", "北京", 2, 7),
    Province("12", "天津市", "天津", 2, 8),
    Province("13", "河北省", "河北", 2, 6),
    Province("14", "山西省", "山西", 3, 5),
    Province("15", "内蒙古自治区", "内蒙古", 1, 5),
    Province("21", "辽宁省", "辽宁", 1, 9),
    Province("22", "吉林省", "吉林", 0, 9),
    Province("23", "黑龙江省", "黑龙江", 0, 8),
    Province("31", "上海市", "上海", 4, 9),
    Province("32", "江苏省", "江苏", 4, 8),
    Province("33", "浙江省", "浙江", 5, 9),
    Province("34", "安徽省", "安徽", 4, 7),
    Province("35", "福建省", "福建", 6, 8),
    Province("36", "江西省", "江西", 5, 7),
    Province("37", "山东省", "山东", 3, 7),
    Province("41", "河南省", "河南", 3, 6),
    Province("42", "湖北省", "湖北", 4, 6),
    Province("43", "湖南省", "湖南", 5, 6),
    Province("44", "广东省", "广东", 6, 7),
    Province("45", "广西壮族自治区", "广西", 6, 5),
    Province("46", "海南省", "海南", 7, 6),
    Province("50", "重庆市", "重庆", 4, 5),
    Province("51", "四川省", "四川", 4, 4),
    Province("52", "贵州省", "贵州", 5, 5),
    Province("53", "云南省", "云南", 5, 4),
    Province("54", "西藏自治区", "西藏", 4, 2),
    Province("61", "陕西省", "陕西", 3, 4),
    Province("62", "甘肃省", "甘肃", 2, 4),
    Province("63", "青海省", "青海", 3, 3),
    Province("64", "宁夏回族自治区", "宁夏", 2, 5),
    Province("65", "新疆维吾尔自治区", "新疆", 2, 1),
    Province("66", "新疆生产建设兵团", "兵团", 3, 1),
)

BY_CODE: dict[str, Province] = {province.code: province for province in PROVINCES}


def province_name(code: str) -> str:
    """Full name of the unit; the empty string for the nation (no code)."""
    return BY_CODE[code].name if code else ""
