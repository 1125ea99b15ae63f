"""Who is looking: the only thing that queries and actions know about a person."""

from dataclasses import dataclass

from jiangxin.core.kernel.errors import NotPermitted
from jiangxin.core.workflow import DEPARTMENT_OF, Department, Duty, Role


@dataclass(frozen=True, kw_only=True)
class Viewer:
    """A role with its scope. `province` is '' for the nation; ids are None for the public; `duties`
    are those inside an applicant unit."""

    role: Role
    name: str
    user_id: int | None = None
    province: str = ""
    organisation_id: int | None = None
    duties: frozenset[str] = frozenset()

    @property
    def actor(self) -> str:
        """The opaque id by which the ledger knows this person."""
        return f"user:{self.user_id}" if self.user_id else self.role.value

    @property
    def department(self) -> Department | None:
        """人社 or 财政, of a province or of the nation; None for everybody else."""
        return DEPARTMENT_OF.get(self.role)

    @property
    def national(self) -> bool:
        """Whether this viewer's scope is the whole country."""
        return self.role in (Role.MINISTRY_HR, Role.MINISTRY_FINANCE) or (
            self.role in (Role.AUDITOR, Role.SUPERVISOR) and not self.province
        )

    def require(self, *roles: Role) -> None:
        """Raises `NotPermitted` unless this viewer has one of `roles`."""
        if self.role not in roles:
            who = "、".join(role.label for role in roles)
            raise NotPermitted(f"此项由{who}办理。", remedy="请使用相应账号登录。")

    def has(self, duty: Duty) -> bool:
        """Whether this viewer acts for their unit in this duty."""
        return self.role is Role.APPLICANT and duty.value in self.duties

    def require_duty(self, *duties: Duty) -> None:
        """Raises `NotPermitted` unless this viewer has one of `duties` in an applicant unit."""
        self.require(Role.APPLICANT)
        if not any(self.has(duty) for duty in duties):
            who = "、".join(duty.label for duty in duties)
            raise NotPermitted(
                f"此项由本单位的{who}办理。",
                remedy="需要办理的，请本单位的单位管理员在“单位人员”中调整分工。",
            )


PUBLIC = Viewer(role=Role.PUBLIC, name="公众")


@dataclass(frozen=True)
class System:
    """The programme itself, when a date makes something happen."""

    actor: str = "system"
    role: Role = Role.PUBLIC
