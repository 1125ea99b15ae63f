"""Classes and tiers as the policy pack has them (4.4): names, amounts, and what to prove them by."""

from dataclasses import dataclass

from jiangxin.stages.programme.queries import pack


@dataclass(frozen=True)
class Grade:
    """One tier (档): its default amount in 分."""

    code: str
    title: str
    amount: int


@dataclass(frozen=True)
class Tiers:
    """Of one kind of project: classes (类) by code, tiers by code, and the usual evidence."""

    categories: dict[str, str]
    grades: dict[str, Grade]
    evidence: tuple[str, ...]

    def label(self, category: str, grade: str) -> str:
        """生产制造类A档; a code that the pack no longer has is shown as it is."""
        found = self.grades.get(grade)
        return f"{self.categories.get(category, category)}{found.title if found else grade}"


def tiers(kind: str) -> Tiers:
    """The classes and tiers of bases or of studios."""
    data = pack().money["tiers"][kind]
    grades = [Grade(each["grade"], each["title"], each["amount"]) for each in data["grades"]]
    return Tiers(dict(data["classes"]), {each.code: each for each in grades}, (*data["evidence"],))


def assumption() -> str:
    """Why the classes and tiers are ours and not the notice's, in Chinese."""
    return str(pack().money["tiers"]["assumption"])
