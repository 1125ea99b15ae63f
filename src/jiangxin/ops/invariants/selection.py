"""From the call to the register: quota, experts, publicity, filing, both ministries."""

from collections.abc import Iterable, Iterator

from django.db.models import Count, Q

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.workdays import workdays_between
from jiangxin.core.policy import Verdict, check_overlay
from jiangxin.core.workflow import REGISTERED_ONCE, CallState, NoticeState, TitleState
from jiangxin.records.ledger.models import Event
from jiangxin.stages.application.models import Application, Version
from jiangxin.stages.application.queries import eligibility
from jiangxin.stages.experts.models import Expert
from jiangxin.stages.experts.queries import recusals
from jiangxin.stages.filing.models import Filing, Registration
from jiangxin.stages.programme.models import Call, Kind, QuotaPlace, Track
from jiangxin.stages.programme.queries import exceptions, filing_deadline, pack, parameter
from jiangxin.stages.publicity.models import Notice
from jiangxin.stages.review.choices import SheetState
from jiangxin.stages.review.models import Decision, DrawSession, ScoreSheet
from jiangxin.stages.review.rules import rules_of
from jiangxin.stages.titles.models import Title

from . import invariant


def registered() -> list[Application]:
    """The projects that both ministries registered, whatever became of them."""
    rows = Application.objects.filter(state__in=REGISTERED_ONCE).select_related("call", "unit")
    return list(rows.order_by("id"))


@invariant("N06", title="省级细则只补充或从严")
def overlays_do_not_loosen() -> Iterator[str]:
    codes = set(Call.objects.filter(state=CallState.OPEN).values_list("overlay", flat=True))
    for overlay in pack().overlays:
        if overlay.code in codes:
            yield from (
                f"{overlay.code}：{each.message}" for each in check_overlay(pack(), overlay)
            )


@invariant("N07", "N10", "N18", "N22", "N25", title="备案登记的项目没有不符合的条件")
def registered_projects_are_eligible() -> Iterator[str]:
    for project in registered():
        for finding in eligibility(project):
            # Its own title stands in the register by now: that is looked at below.
            if finding.verdict == Verdict.NOT_MET and finding.norm != "N26":
                yield f"{project.number} {finding.title}：{finding.because}"


@invariant("N15", "N16", title="已建项目都在原有名录中，且考核通过")
def existing_bases_are_in_the_register() -> Iterator[str]:
    for project in registered():
        if project.track != Track.EXISTING_BASE:
            continue
        found = Title.objects.filter(
            Q(uscc=project.unit.uscc) | Q(former_names__contains=[project.unit.uscc]),
            kind=Kind.BASE,
            assessment="passed",
            year__lte=parameter("legacy.last_year", project.year),
        )
        if not found.exists():
            yield f"{project.number} 在 2011—2020 年名录中没有考核通过的基地。"


@invariant("N26", title="同一带头人不以相同单位持有两个有效工作室")
def one_studio_per_leader_and_unit() -> Iterator[str]:
    rows = Title.objects.filter(kind=Kind.STUDIO, state=TitleState.TITLED).exclude(leader_hash="")
    seen: dict[tuple[str, str], str] = {}
    for title in rows.order_by("id"):
        for unit in {title.uscc, title.unit_name, *title.former_names} - {""}:
            other = seen.setdefault((title.leader_hash, unit), title.number)
            if other != title.number:
                yield f"{title.number} 与 {other} 的带头人和单位相同。"


@invariant("N28", title="每省每年每类推荐不超过名额，超出的有两部同意的依据")
def within_quota() -> Iterator[str]:
    held = Decision.objects.filter(selected=True, place=None, round__state="decided")
    yield from (f"入选项目 {each.application_id} 没有名额。" for each in held.order_by("id"))
    for place in QuotaPlace.objects.filter(exception="").order_by("id"):
        if place.number > parameter(f"quota.{place.kind}", place.year):
            yield f"{place} 超出名额而没有依据。"
    counts = (
        Application.objects.filter(state__in=REGISTERED_ONCE)
        .values_list("province", "year", "kind")
        .annotate(n=Count("id"))
        .order_by()
    )
    for province, year, kind, number in counts:
        places = QuotaPlace.objects.filter(province=province, year=year, kind=kind).count()
        if number > places:
            yield f"{province} {year} {kind}：登记 {number} 个，名额 {places} 个。"


@invariant("N29", title="每次提交的申报表与账册记载的摘要一致")
def versions_are_in_the_ledger() -> Iterator[str]:
    rows = Version.objects.order_by("id").values_list("id", "digest", "event__payload__digest")
    for number, digest, recorded in rows:
        if digest != recorded:
            yield f"第 {number} 个提交版本的摘要值与账册不同。"


@invariant("N31", title="没有公示期满就没有备案登记")
def publicised_before_registered() -> Iterator[str]:
    table = exceptions()
    for notice in Notice.objects.exclude(state=NoticeState.DRAFT).select_related("call"):
        least = parameter("publicity.working_days", notice.call.year)
        if not (notice.starts_on and notice.ends_on):
            yield f"{notice.subject} 没有起止日期。"
        elif workdays_between(notice.starts_on, notice.ends_on, table) < least:
            yield f"{notice.subject} 公示不足 {least} 个工作日。"
        elif notice.closed_at and notice.closed_at < clock.end_of(notice.ends_on):
            yield f"{notice.subject} 在公示期满前结束。"
    order = ("project.publicised", "project.confirmed", "project.filed", "project.registered")
    for project in registered():
        types = list(
            Event.objects.filter(subject=project.subject, type__in=order)
            .order_by("id")
            .values_list("type", flat=True)
        )
        if list(dict.fromkeys(types)) != list(order):
            yield f"{project.number} 的步骤不全：{'、'.join(types)}。"


@invariant("N32", "N33", title="评审组由有效的抽取产生")
def panels_were_drawn() -> Iterator[str]:
    for each in DrawSession.objects.filter(state="drawn").order_by("id"):
        leaves = set(each.leaves)
        outside = [seat.leaf for seat in each.panel.all() if seat.leaf not in leaves]
        if outside or not each.record or not each.record.get("opened"):
            yield f"{each.subject} 的席位与抽取记录不符。"
    if ScoreSheet.objects.exclude(seat__session__state="drawn").exists():
        yield "有评分表不属于任何抽取产生的席位。"
    for each in DrawSession.objects.filter(rehearsal=True, panel__isnull=False).order_by("id"):
        yield f"{each.subject} 是演练，却有席位。"


@invariant("N33", title="没有专家评审本单位的项目")
def nobody_judges_an_own_unit() -> Iterator[str]:
    sheets = ScoreSheet.objects.filter(state=SheetState.SIGNED)
    pairs = sheets.values_list("seat__expert_id", "application_id")
    by_expert: dict[int, list[int]] = {}
    for number, project in pairs.order_by("id"):
        by_expert.setdefault(number, []).append(project)
    people = Expert.objects.prefetch_related("employments", "relations")
    for expert in people.filter(pk__in=by_expert).order_by("id"):
        projects = Application.objects.filter(pk__in=by_expert[expert.pk]).select_related("unit")
        own = [p for p in projects if expert.unit_name == p.unit_name]
        tied = recusals([expert], projects, year=projects[0].year).get(expert.pk)
        if own or (tied and tied.projects):
            yield f"专家 {expert.subject} 评审了应当回避的项目。"


@invariant("N34", title="每个推荐项目有足够的签署评分表，每位专家一份")
def enough_sheets() -> Iterator[str]:
    for decision in Decision.objects.select_related("round__call").order_by("id"):
        least = parameter("panel.sheets", decision.round.call.year)
        sheets = ScoreSheet.objects.filter(
            application=decision.application_id,
            seat__round=decision.round_id,
            seat__status="accepted",
            state=SheetState.SIGNED,
        )
        by_expert = sheets.order_by().values("seat").annotate(phases=Count("id"))
        signed = by_expert.filter(phases=len(rules_of(decision.round).phases)).count()
        if signed < least or signed != decision.sheets:
            yield f"项目 {decision.application_id} 有 {signed} 份评分表，记为 {decision.sheets} 份。"


@invariant("N35", title="两部收到的是同一份备案材料，各自登记")
def both_ministries_hold_the_same() -> Iterator[str]:
    for project in registered():
        found = list(
            Registration.objects.filter(application=project, void_at=None).order_by("ministry")
        )
        if [(each.ministry, each.outcome) for each in found] != [
            ("finance", "registered"),
            ("hr", "registered"),
        ]:
            yield f"{project.number} 没有两部各自的登记。"
            continue
        digests = {
            package.deliveries.filter(ministry=each.ministry, attempt=each.attempt).values_list(
                "digest", flat=True
            )[0]
            for each in found
            for package in (each.package,)
        }
        if len(digests) != 1:
            yield f"{project.number} 两部登记所依据的材料不同。"


@invariant("N36", "N37", "N43", title="每份备案材料含评审报告和当年考核评估报告")
def packages_are_whole() -> Iterator[str]:
    for filing in Filing.objects.select_related("package").order_by("id"):
        names = {each["path"] for each in filing.manifest["files"]}
        if not filing.package.legacy_report.strip() or not any("评审报告" in n for n in names):
            yield f"{filing} 缺少报告。"


@invariant("N38", title="没有逾期报送的备案，逾期的年度记为无申报")
def nothing_is_filed_late() -> Iterator[str]:
    for filing in Filing.objects.filter(attempt=1).select_related("package__call"):
        if filing.filed_at >= filing_deadline(filing.package.call.year):
            yield f"{filing} 逾期报送。"
    on_record = Event.objects.filter(type="call.no_application").values_list("subject", flat=True)
    for call in Call.objects.filter(state=CallState.OPEN, pk__in=_ids(on_record)):
        if Filing.objects.filter(package__call=call).exists():
            yield f"{call.subject} 已报备案，却记为无申报。"


def _ids(subjects: Iterable[str]) -> list[int]:
    return [int(each.partition(":")[2]) for each in subjects]


@invariant("N01", "N02", title="名录中的每个新称号都来自一个登记的项目，反之亦然")
def titles_and_projects_agree() -> Iterator[str]:
    origins = set(
        Title.objects.filter(year__gte=parameter("programme.first_year", 2025))
        .exclude(origin="")
        .values_list("origin", flat=True)
    )
    projects = {each.subject for each in registered()}
    yield from (f"{each} 登记而没有称号。" for each in sorted(projects - origins))
    yield from (f"{each} 有称号而没有登记。" for each in sorted(origins - projects))
