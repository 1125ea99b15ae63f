"""How a person works the pages: enter as a role, fill a form by its names, press a button."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from playwright.sync_api import Page, expect

from jiangxin.core.kernel import clock
from jiangxin.core.workflow import Role
from jiangxin.records.identity.models import User

PROVINCE = "37"


@dataclass
class Country:
    """The browser, the accounts, and a clock that only goes forward."""

    page: Page
    enter: Callable[..., None]
    users: dict[Role, User] = field(default_factory=dict)

    def be(self, who: Role | User) -> Page:
        """Work as this role's account from now on."""
        user = who
        if isinstance(who, Role):
            national = who in (Role.MINISTRY_HR, Role.MINISTRY_FINANCE)
            user = User.objects.get(role=who, province="" if national else PROVINCE)
        self.enter(user)
        return self.page

    def at(self, moment: datetime) -> None:
        """Let every thread's clock stand near `moment` and go on from there."""
        shift = moment - datetime.now(clock.BEIJING)
        clock.shift_by(lambda: shift)

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name).first.click()

    def agree(self) -> None:
        """The viewer's department agrees to what stands on the page."""
        self.page.locator("button[name=word][value=agreed]").click()
        expect(self.page.locator(".jx-flash, [role=status]").first).to_be_visible()

    def confirm(self) -> None:
        self.page.locator(".jx-confirm .btn").first.click()


def real_clock() -> None:
    """Undo `Country.at`."""
    clock.shift_by(timedelta)


def fill(page: Page, values: Mapping[str, list[str]]) -> None:
    """Put texts into the inputs of a form by their names; table rows are added as needed."""
    for name, texts in values.items():
        box = page.locator(f"[name='{name}']")
        if not box.count():
            table = name.rsplit("-", 2)[0]
            page.locator(f"button[name=_add][value='{table}']").click()
        kind = box.first.evaluate("e => e.tagName + ':' + (e.type || '')")
        if kind.endswith((":checkbox", ":radio")):
            for text in texts:
                if kind.endswith(":checkbox") and text == "no":
                    continue  # an attestation that is not given
                page.locator(f"[name='{name}'][value='{text}']").check()
        elif kind.startswith("SELECT"):
            box.first.select_option(texts[0])
        elif box.first.is_enabled():  # what the system fills in by itself is locked
            box.first.fill(texts[0])


def attach(page: Page, file: Path) -> int:
    """Choose `file` for every evidence that must be there; returns for how many."""
    needed = page.locator(".jx-evidence:has(.jx-required) input[type=file]")
    for place in range(needed.count()):
        needed.nth(place).set_input_files(file)
    return needed.count()
