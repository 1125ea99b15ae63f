"""Where money comes from and which way it went; pages may import it, models they may not."""

from django.db import models

from jiangxin.core.workflow import Role


class Source(models.TextChoices):
    """Whose money it is; the three are never added up (N55)."""

    CENTRAL = "central", "中央资金"
    LOCAL = "local", "地方资金"
    OWN = "own", "自筹资金"


class Leg(models.TextChoices):
    """One stretch of the way down: central money takes two, local and own money one."""

    TO_PROVINCE = "central_to_province", "部→省"
    TO_UNIT = "province_to_unit", "省→单位"
    LOCAL = "local", "地方投入"
    OWN = "own", "单位投入"


SOURCE_OF = {
    Leg.TO_PROVINCE: Source.CENTRAL,
    Leg.TO_UNIT: Source.CENTRAL,
    Leg.LOCAL: Source.LOCAL,
    Leg.OWN: Source.OWN,
}
RECORDED_BY = {
    Leg.TO_PROVINCE: Role.MINISTRY_FINANCE,
    Leg.TO_UNIT: Role.PROVINCE_FINANCE,
    Leg.LOCAL: Role.PROVINCE_FINANCE,
    Leg.OWN: Role.APPLICANT,
}
TO_BE_CONFIRMED = (Leg.TO_UNIT, Leg.LOCAL)  # what a unit gets from somebody else, and confirms
