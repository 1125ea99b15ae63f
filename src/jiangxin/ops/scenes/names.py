"""Invented units and people, plainly marked. Numbers have valid check digits and mean nobody."""

from datetime import date, timedelta
from random import Random

from stdnum.cn import ric, uscc

from jiangxin.core.kernel.regions import Province

MARK = "（演示）"
SURNAMES = (
    "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦许何吕施张孔曹严华金魏陶姜谢邹苏潘葛范彭鲁韦马苗方俞任袁柳"
)
GIVEN = "志远建国明亮文博晓峰雅琴春梅立新广平海涛红霞玉兰永强俊杰思源致和守正培元若水怀瑾承泽景行"
PLACES = (
    "云岭",
    "清源",
    "松涛",
    "望江",
    "东湖",
    "石桥",
    "金川",
    "北辰",
    "翠屏",
    "临港",
    "长林",
    "凤台",
)
TRADES = (
    "智能制造",
    "数控技术",
    "轨道交通",
    "康养护理",
    "现代家政",
    "新能源",
    "化工技术",
    "汽车技术",
    "电子信息",
    "船舶焊接",
)
SCHOOLS = ("技师学院", "高级技工学校", "职业技术学院", "公共实训中心")
FIRMS = ("机电有限公司", "装备集团有限公司", "精工股份有限公司", "医养服务有限公司")
SKILLS = (
    "数控加工",
    "焊接",
    "电工",
    "钳工",
    "模具",
    "陶瓷烧制",
    "木雕",
    "育婴",
    "养老护理",
    "汽车维修",
)
FIELDS = (
    "advanced_manufacturing",
    "strategic_emerging",
    "childcare",
    "nursing",
    "health_elder_care",
    "domestic_service",
)


def person(rng: Random) -> str:
    """A full name of two or three characters."""
    given = rng.sample(GIVEN, rng.choice((1, 2, 2)))
    return rng.choice(SURNAMES) + "".join(given)


def school(rng: Random, province: Province) -> str:
    """The name of a training base's unit."""
    return f"{province.short}{rng.choice(PLACES)}{rng.choice(TRADES)}{rng.choice(SCHOOLS)}{MARK}"


def firm(rng: Random, province: Province) -> str:
    """The name of a studio's unit."""
    return f"{province.short}{rng.choice(PLACES)}{rng.choice(FIRMS)}{MARK}"


def unit_code(rng: Random, province: Province) -> str:
    """A 统一社会信用代码 with its check digit, in an area that no county has (…0000)."""
    region = "65" if province.code == "66" else province.code
    head = f"12{region}0000" + "".join(rng.choice("0123456789") for _ in range(9))
    return head + str(uscc.calc_check_digit(head))


def id_number(rng: Random) -> str:
    """A 公民身份号码 of nobody in particular, born 1962–1985, with its check digit."""
    born = date(1962, 1, 1) + timedelta(days=rng.randrange(8400))
    head = f"110101{born:%Y%m%d}{rng.randrange(900, 999)}"
    return head + str(ric.calc_check_digit(head + "0"))


def mobile(rng: Random) -> str:
    """A number of the form of a mobile phone in a range that is not given out."""
    return "1" + "00" + "".join(rng.choice("0123456789") for _ in range(8))
