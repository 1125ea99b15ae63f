"""Fund accounts, vouchers and flags, each for those who may see them; sums and rates for other stages."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from django.db.models import (
    BigIntegerField,
    Case,
    Count,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Coalesce

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import NotFound
from jiangxin.core.workflow import PROVINCIAL, FlagState, Role
from jiangxin.records.documents.models import Document
from jiangxin.records.identity.viewer import Viewer
from jiangxin.records.inbox.waiting import Waits
from jiangxin.stages.application.titled import project_of
from jiangxin.stages.funding.choices import Source
from jiangxin.stages.funding.models import Payment
from jiangxin.stages.funding.queries import received
from jiangxin.stages.funding.queries.payments import REACHED
from jiangxin.stages.titles.models import Title
from jiangxin.stages.titles.queries import in_scope, titles_of

from .choices import rules, uses
from .models import Balance, Flag, Voucher

PENDING = (FlagState.OPEN, FlagState.ANSWERED)
STANDING = Q(reverses=None, reversed_by=None)  # vouchers that count as spending


# --- one account


@dataclass(frozen=True)
class SourceLine:
    """One source: what the application planned (None for 2011–2020), what arrived, what is spent."""

    key: str
    label: str
    planned: int | None
    received: int
    spent: int

    @property
    def left(self) -> int:
        return self.received - self.spent


@dataclass(frozen=True)
class UseLine:
    """One use: the budget of the application (None for 2011–2020) against what is spent."""

    key: str
    label: str
    budget: int | None
    spent: int


@dataclass(frozen=True)
class Sheet:
    """An account at a glance."""

    sources: list[SourceLine]
    uses: list[UseLine]

    @property
    def planned(self) -> int | None:
        known = [each.planned for each in self.sources if each.planned is not None]
        return sum(known) if known else None

    @property
    def received(self) -> int:
        return sum(each.received for each in self.sources)

    @property
    def spent(self) -> int:
        return sum(each.spent for each in self.sources)

    @property
    def left(self) -> int:
        return self.received - self.spent

    @property
    def arrival(self) -> Fraction | None:
        """资金到位率."""
        return _share(self.received, self.planned)

    @property
    def execution(self) -> Fraction | None:
        """执行率."""
        return _share(self.spent, self.received)


def sheet(title: Title) -> Sheet:
    """What arrived, is spent and is left by source; the budget against what is spent. Two queries."""
    arrived, gone = _flows(title)
    project = project_of(title)
    plan = _by(project.answers.get("sources"), "source") if project else None
    budget = _by(project.answers.get("budget"), "use") if project else None
    by_use: dict[str, int] = defaultdict(int)
    for found in gone.values():
        for category, amount in found.items():
            by_use[category] += amount
    return Sheet(
        sources=[
            SourceLine(
                each.value,
                each.label,
                None if plan is None else plan.get(each.value, 0),
                arrived.get(each.value, 0),
                sum(gone.get(each.value, {}).values()),
            )
            for each in Source
        ],
        uses=[
            UseLine(key, label, None if budget is None else budget.get(key, 0), by_use[key])
            for key, label in uses(title.kind).items()
        ],
    )


def _flows(title: Title) -> tuple[dict[str, int], dict[str, dict[str, int]]]:
    """`received` and `spent` of a title in one query."""
    into = Payment.objects.live().filter(REACHED, title=title).order_by()
    out = Voucher.objects.filter(STANDING, account__title=title).order_by()
    came = into.annotate(use=Value("")).values("source", "use").annotate(n=Sum("amount"))
    went = out.annotate(use=F("category")).values("source", "use").annotate(n=Sum("amount"))
    columns = ("source", "use", "n")
    arrived: dict[str, int] = {}
    gone: dict[str, dict[str, int]] = {}
    for source, use, amount in came.values_list(*columns).union(
        went.values_list(*columns), all=True
    ):
        if use:
            gone.setdefault(source, {})[use] = amount
        else:
            arrived[source] = amount
    return arrived, gone


def _by(rows: Any, column: str) -> dict[str, int]:
    """The amounts of a table of the application by one of its columns."""
    found: dict[str, int] = defaultdict(int)
    for row in rows or ():
        if isinstance(row.get("amount"), int):
            found[row.get(column, "")] += row["amount"]
    return dict(found)


def spent(title: Title) -> dict[str, dict[str, int]]:
    """What is spent, in 分: source → category → amount; what is taken back does not count."""
    found: dict[str, dict[str, int]] = {}
    rows = Voucher.objects.filter(STANDING, account__title=title).order_by()
    for source, category, amount in rows.values_list("source", "category").annotate(
        n=Sum("amount")
    ):
        found.setdefault(source, {})[category] = amount
    return found


def arrival_rate(title: Title) -> Fraction | None:
    """资金到位率: what arrived of what the application planned; None where nothing was planned."""
    return sheet(title).arrival


def execution_rate(title: Title) -> Fraction | None:
    """执行率: what is spent of what arrived; None while nothing has."""
    return sheet(title).execution


def compliance_rate(title: Title) -> Fraction | None:
    """合规率: the part of the spending against which no flag is confirmed; None while nothing is spent."""
    return compliance(sheet(title).spent, confirmed_flags(title))


def compliance(spent: int, found: Iterable[Flag]) -> Fraction | None:
    """The same out of an account's flags, read with their vouchers; what is taken back is not spent."""
    wrong = {
        flag.voucher_id: flag.voucher.amount
        for flag in found
        if flag.state == FlagState.CONFIRMED
        and flag.voucher is not None
        and not hasattr(flag.voucher, "reversed_by")
    }
    return _share(spent - sum(wrong.values()), spent)


def _share(part: int, whole: int | None) -> Fraction | None:
    return Fraction(part, whole) if whole else None


# --- accounts


def accounts(viewer: Viewer) -> QuerySet[Title]:
    """The titles in scope that money has reached or been spent on, with what a list of them shows:
    `received`, `spent`, `left`, `rate` (spent of received in percent, cut off), `pending`,
    `confirmed` (numbers of flags) and `refund`."""
    taken = Balance.objects.filter(account__title=OuterRef("pk"))
    flags = Flag.objects.filter(title=OuterRef("pk"))
    paid = Payment.objects.live().filter(REACHED, title=OuterRef("pk"))
    rows = titles_of(viewer).annotate(
        received=_total(paid, "title", Sum("amount")),
        spent=_total(taken, "account__title", Sum("spent")),
        pending=_total(flags.filter(state__in=PENDING), "title", Count("pk")),
        confirmed=_total(flags.filter(state=FlagState.CONFIRMED), "title", Count("pk")),
        refund=_total(flags.filter(state=FlagState.CONFIRMED), "title", Sum("refund")),
    )
    rows = rows.filter(Q(received__gt=0) | Q(account__isnull=False))
    share = When(received__gt=0, then=F("spent") * 100 / F("received"))
    return rows.annotate(
        left=F("received") - F("spent"),
        rate=Case(share, default=None, output_field=BigIntegerField()),
    )


def _total(rows: QuerySet[Any], group: str, sum_: Any) -> Any:
    one = rows.order_by().values(group).annotate(n=sum_).values("n")
    return Coalesce(Subquery(one, output_field=BigIntegerField()), Value(0, BigIntegerField()))


# --- vouchers


def vouchers(viewer: Viewer) -> QuerySet[Voucher]:
    """The vouchers in the viewer's scope, with `flagged`: how many flags are pending or confirmed."""
    bad = Flag.objects.filter(voucher=OuterRef("pk")).exclude(state=FlagState.CLEARED)
    return (
        Voucher.objects.filter(in_scope(viewer, "account__title"))
        .select_related("account__title", "document", "reverses", "reversed_by")
        .annotate(flagged=_total(bad, "voucher", Count("pk")))
    )


def voucher(viewer: Viewer, voucher_id: int) -> Voucher:
    """One voucher. Raises `NotFound` beyond the viewer's scope."""
    found = vouchers(viewer).filter(pk=voucher_id).first()
    if found is None:
        raise NotFound("没有这张凭证。", remedy="它可能不在您的查看范围内。")
    return found


def voucher_file(viewer: Viewer, voucher_id: int) -> Document:
    """The proof of a voucher. Raises `NotFound`."""
    return voucher(viewer, voucher_id).document


@dataclass(frozen=True)
class BookLine:
    """One line of the statement: a voucher and what is left of its source after it."""

    voucher: Voucher
    left: int


def book(title: Title) -> list[BookLine]:
    """Every voucher in order of its date, each with what was then left of its source, measured
    against all that has arrived until today. Two queries."""
    left = {each.value: received(title).get(each.value, 0) for each in Source}
    lines = []
    rows = Voucher.objects.filter(account__title=title).select_related("reverses", "reversed_by")
    for row in rows.order_by("on", "id"):
        left[row.source] -= row.amount
        lines.append(BookLine(row, left[row.source]))
    return lines


# --- flags


def flags(viewer: Viewer) -> QuerySet[Flag]:
    """The flags in the viewer's scope."""
    return Flag.objects.filter(in_scope(viewer)).select_related("title", "voucher")


def flag(viewer: Viewer, flag_id: int) -> Flag:
    """One flag. Raises `NotFound` beyond the viewer's scope."""
    found = flags(viewer).filter(pk=flag_id).first()
    if found is None:
        raise NotFound("没有这个资金疑点。", remedy="它可能不在您的查看范围内。")
    return found


def twin(viewer: Viewer, row: Flag) -> Voucher | None:
    """The other voucher of a flag on a repeated proof, for those alone who may see that one too."""
    if row.other_id is None:
        return None
    return vouchers(viewer).filter(pk=row.other_id).first()


def flags_of(title: Title) -> QuerySet[Flag]:
    """Every flag of a title, newest first."""
    return Flag.objects.filter(title=title).select_related("voucher__reversed_by")


def flags_on(row: Voucher) -> QuerySet[Flag]:
    """Every flag on a voucher that the viewer may see, newest first."""
    return Flag.objects.filter(voucher=row)


def confirmed_flags(title: Title) -> QuerySet[Flag]:
    """What is proven against a title (4.5): for acceptance and revocation."""
    return flags_of(title).filter(state=FlagState.CONFIRMED)


def open_flags(viewer: Viewer) -> Waits:
    """The flags that wait for the viewer to explain them or to conclude."""
    if viewer.role not in (Role.APPLICANT, *PROVINCIAL):
        return Waits(Flag.objects.none())
    return Waits(Flag.objects.filter(waiting(viewer), in_scope(viewer)), due="due")


def waiting(viewer: Viewer) -> Q:
    """Which flags wait for this viewer's role: to be explained by it, or for provincial finance those
    that are explained, or whose term to explain is over."""
    of_province = [key for key, rule in rules().items() if rule.answers == "province"]
    unexplained = Q(state=FlagState.OPEN)
    if viewer.role is Role.APPLICANT:
        return unexplained & ~Q(rule__in=of_province)
    if viewer.role is Role.PROVINCE_HR:
        return unexplained & Q(rule__in=of_province)
    if viewer.role is Role.PROVINCE_FINANCE:
        overdue = unexplained & Q(due__lt=clock.today())
        return Q(state=FlagState.ANSWERED) | overdue | (unexplained & Q(rule__in=of_province))
    return Q(pk__in=[])


def may_answer(viewer: Viewer, row: Flag) -> bool:
    """Whether this viewer's role is the one that explains this flag, and it is not explained yet."""
    unit = rules()[row.rule].answers == "unit"
    role = viewer.role is Role.APPLICANT if unit else viewer.role in PROVINCIAL
    return role and row.state == FlagState.OPEN


def may_confirm(viewer: Viewer, row: Flag) -> bool:
    """Whether provincial finance may find now that it is so: after the answer or after the term."""
    if viewer.role is not Role.PROVINCE_FINANCE:
        return False
    overdue = row.state == FlagState.OPEN and clock.today() > row.due
    return overdue or row.state == FlagState.ANSWERED


def may_clear(viewer: Viewer, row: Flag) -> bool:
    """Whether provincial finance may find now that nothing is wrong."""
    return viewer.role is Role.PROVINCE_FINANCE and row.state in PENDING
