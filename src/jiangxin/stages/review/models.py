"""Expert review: the round, the draw, the panel, the score sheets, the decision (N31–N34).

The database itself refuses to change a signed sheet or to delete any sheet (migration 0002), and to
change or delete what is signed once and for all: a revision and a dissent (migration 0004).
"""

from django.db import models
from django.db.models import F, Q

from jiangxin.core.draw.walk import SkipReason
from jiangxin.core.scoring.aggregate import Aggregation
from jiangxin.core.workflow import DrawState, RoundState
from jiangxin.records.documents.models import Document
from jiangxin.records.identity.models import User
from jiangxin.stages.application.models import Application
from jiangxin.stages.experts.choices import Field
from jiangxin.stages.experts.models import Expert
from jiangxin.stages.programme.models import Call, Kind, QuotaPlace

from .choices import Conflict, Phase, SeatStatus, SheetState


class Round(models.Model):
    """The review of all projects of one kind in one call.

    `rubrics` pins, for each track of the kind, the rubric as it stood when the round was opened, and
    `rules` how the panel decides (`rules.Rules`). `minutes` are the texts of the meeting (`held_on`,
    `place`, `present`, `notes`), `paper` the document made of them when the list was decided.
    """

    MACHINE = "round"

    call = models.ForeignKey(Call, on_delete=models.PROTECT, related_name="rounds")
    kind = models.CharField("类别", max_length=16, choices=Kind.choices())
    state = models.CharField(
        "状态", max_length=16, choices=RoundState.choices(), default=RoundState.PREPARING
    )
    rubrics = models.JSONField("评分标准")
    rubrics_digest = models.CharField("评分标准摘要值", max_length=64)
    rules = models.JSONField("评审规则", default=dict)
    phase = models.CharField("轮次", max_length=16, choices=Phase, default=Phase.PAPERS)
    minutes = models.JSONField("评审纪要", default=dict)
    paper = models.ForeignKey(Document, on_delete=models.PROTECT, null=True, related_name="+")
    seats = models.JSONField("各专业席位")
    substitutes = models.PositiveSmallIntegerField("每专业候补")
    method = models.CharField(
        "汇总方法",
        max_length=16,
        choices=[(each.value, each.label) for each in Aggregation],
        default=Aggregation.MEAN.value,
    )
    starts_on = models.DateField("评审开始", null=True)
    due = models.DateTimeField("评分截止")
    started_at = models.DateTimeField("开始评分", null=True)
    ranked_at = models.DateTimeField("汇总排序", null=True)
    decided_at = models.DateTimeField("确定名单", null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["call", "kind"], name="one_round_per_call_and_kind"),
        )
        ordering = ("-call__year", "call__province", "kind")

    def __str__(self) -> str:
        return f"{self.call_id} {self.kind}"

    @property
    def subject(self) -> str:
        return f"round:{self.pk}"


class DrawSession(models.Model):
    """One ceremony: the lot frozen at its opening, three commitments, three secrets, one record.

    `pool_sealed` holds the lot with its salts, encrypted: opening a leaf needs its salt. A
    `rehearsal` goes the same way and seats nobody. `number_source` is announced at the opening with
    the moment `number_at` at which it comes out; one person enters the number, another confirms it.
    """

    MACHINE = "draw"

    round = models.ForeignKey(Round, on_delete=models.PROTECT, related_name="sessions")
    number = models.PositiveSmallIntegerField("场次")
    state = models.CharField(
        "状态", max_length=16, choices=DrawState.choices(), default=DrawState.COMMITTING
    )
    plan = models.JSONField("抽取方案")
    pool_sealed = models.TextField("抽取名单（加密）")
    leaves = models.JSONField("条目")
    root = models.CharField("默克尔根", max_length=64)
    excluded = models.JSONField("事先排除", default=dict)
    projects = models.JSONField("评审项目")
    rehearsal = models.BooleanField("演练", default=False)
    number_source = models.CharField("公共随机数来源", max_length=120, blank=True)
    number_at = models.DateTimeField("公共随机数公布时刻", null=True)
    public_number = models.CharField("公共随机数", max_length=120, blank=True)
    number_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    number_confirmed_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, related_name="+"
    )
    record = models.JSONField("公布的记录", null=True)
    void_reason = models.CharField("作废原因", max_length=32, blank=True)
    void_note = models.CharField("作废说明", max_length=300, blank=True)
    opened_at = models.DateTimeField("开场")
    sealed_at = models.DateTimeField("封存", null=True)
    drawn_at = models.DateTimeField("抽取", null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["round", "number"], name="one_session_per_number"),
            models.UniqueConstraint(
                fields=["round"],
                condition=~Q(state="void") & Q(rehearsal=False),
                name="one_living_draw_per_round",
            ),
            models.UniqueConstraint(
                fields=["round"],
                condition=Q(rehearsal=True, state__in=("committing", "revealing")),
                name="one_running_rehearsal_per_round",
            ),
            models.CheckConstraint(
                condition=Q(number_source="", number_at=None)
                | ~Q(number_source="") & Q(number_at__isnull=False),
                name="a_public_number_has_source_and_moment",
            ),
            models.CheckConstraint(
                condition=Q(number_confirmed_by=None)
                | ~Q(public_number="") & ~Q(number_by=F("number_confirmed_by")),
                name="a_public_number_is_confirmed_by_another",
            ),
        )
        ordering = ("round", "number")

    def __str__(self) -> str:
        return f"{self.round_id} #{self.number}"

    @property
    def subject(self) -> str:
        return f"draw:{self.pk}"

    @property
    def province(self) -> str:
        return self.round.call.province

    @property
    def confirmed_number(self) -> str | None:
        """The public number once a second person has confirmed it."""
        return self.public_number if self.number_confirmed_by_id else None


class Share(models.Model):
    """One party's part in the seed: the commitment first, the secret only when it is revealed."""

    session = models.ForeignKey(DrawSession, on_delete=models.PROTECT, related_name="shares")
    party = models.CharField("参与方", max_length=16)
    commitment = models.CharField("承诺", max_length=64)
    committed_at = models.DateTimeField("承诺时间")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    name = models.CharField("办理人", max_length=40)
    secret = models.CharField("随机数", max_length=128, blank=True)
    revealed_at = models.DateTimeField("公开时间", null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["session", "party"], name="one_share_per_party"),
            models.UniqueConstraint(fields=["session", "user"], name="one_party_per_person"),
        )
        ordering = ("session", "id")

    def __str__(self) -> str:
        return f"{self.session_id} {self.party}"


class Seat(models.Model):
    """One place on the panel and who was drawn for it; a replaced row stays, with its reason."""

    round = models.ForeignKey(Round, on_delete=models.PROTECT, related_name="panel")
    session = models.ForeignKey(DrawSession, on_delete=models.PROTECT, related_name="panel")
    expert = models.ForeignKey(Expert, on_delete=models.PROTECT, related_name="seats")
    field = models.CharField("专业", max_length=16, choices=Field)
    place = models.PositiveSmallIntegerField("席次")
    leaf = models.CharField(max_length=64)
    status = models.CharField("状态", max_length=16, choices=SeatStatus, default=SeatStatus.INVITED)
    reason = models.CharField(
        "递补原因",
        max_length=16,
        choices=[(each.value, each.label) for each in SkipReason],
        blank=True,
    )
    note = models.CharField("说明", max_length=300, blank=True)
    invited_at = models.DateTimeField("通知时间")
    answered_at = models.DateTimeField("答复时间", null=True)
    rating = models.PositiveSmallIntegerField("履职评分", null=True)
    rating_note = models.CharField("履职评价", max_length=300, blank=True)
    rated_at = models.DateTimeField("评价时间", null=True)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(rating=None, rated_at=None)
                | Q(rating__lte=100, rated_at__isnull=False),
                name="a_rating_is_of_a_hundred",
            ),
            models.UniqueConstraint(fields=["round", "expert"], name="one_seat_per_expert"),
            models.UniqueConstraint(
                fields=["round", "field", "place"],
                condition=~Q(status="replaced"),
                name="one_expert_per_place",
            ),
        )
        ordering = ("round", "field", "place", "id")

    def __str__(self) -> str:
        return f"{self.round_id} {self.field} {self.place}"

    @property
    def subject(self) -> str:
        return f"seat:{self.pk}"


class ScoreSheet(models.Model):
    """One expert on one project in one phase. `marks`: item → {value | units, evidence, comment};
    `total` in thousandths of a point and `qualified`, known once signed.

    Laid when scoring starts: items that are scored from data have their marks from then on.
    """

    seat = models.ForeignKey(Seat, on_delete=models.PROTECT, related_name="sheets")
    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="sheets")
    phase = models.CharField("轮次", max_length=16, choices=Phase, default=Phase.PAPERS)
    marks = models.JSONField("评分", default=dict)
    comment = models.TextField("评审意见", blank=True)
    conflict = models.CharField(
        "利害关系", max_length=16, choices=Conflict, default=Conflict.UNDECLARED
    )
    conflict_reason = models.CharField("回避事由", max_length=300, blank=True)
    state = models.CharField("状态", max_length=16, choices=SheetState, default=SheetState.DRAFT)
    total = models.PositiveIntegerField("总分（千分之一分）", null=True)
    qualified = models.BooleanField("合格", null=True)
    salt = models.CharField(max_length=32)
    digest = models.CharField("摘要值", max_length=64, blank=True)
    updated_at = models.DateTimeField("更新时间")
    signed_at = models.DateTimeField("签署时间", null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["seat", "application", "phase"],
                name="one_sheet_per_expert_project_and_phase",
            ),
            models.CheckConstraint(
                condition=Q(state="draft", total=None)
                | Q(state="signed", total__isnull=False, conflict="none"),
                name="signed_sheet_has_a_total_and_no_conflict",
            ),
        )
        indexes = (models.Index(fields=["application", "state"], name="review_sheet_project"),)
        ordering = ("seat", "application")

    def __str__(self) -> str:
        return f"{self.seat_id} {self.application_id}"

    @property
    def subject(self) -> str:
        return f"sheet:{self.pk}"


class Revision(models.Model):
    """A signed sheet marked anew after the panel had met: the first values stay where they are.

    The newest revision counts. All of it is written and signed in one step.
    """

    sheet = models.ForeignKey(ScoreSheet, on_delete=models.PROTECT, related_name="revisions")
    number = models.PositiveSmallIntegerField("次数")
    marks = models.JSONField("评分")
    comment = models.TextField("评审意见", blank=True)
    reason = models.CharField("改评理由", max_length=500)
    total = models.PositiveIntegerField("总分（千分之一分）")
    qualified = models.BooleanField("合格")
    salt = models.CharField(max_length=32)
    digest = models.CharField("摘要值", max_length=64)
    signed_at = models.DateTimeField("签署时间")

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["sheet", "number"], name="one_revision_per_number"),
            models.CheckConstraint(condition=~Q(reason=""), name="revision_has_a_reason"),
        )
        ordering = ("sheet", "number")

    def __str__(self) -> str:
        return f"{self.sheet_id} #{self.number}"


class Dissent(models.Model):
    """A member of the panel does not agree with its result, in writing; part of the review report."""

    seat = models.ForeignKey(Seat, on_delete=models.PROTECT, related_name="dissents")
    application = models.ForeignKey(
        Application, on_delete=models.PROTECT, null=True, related_name="dissents"
    )
    text = models.TextField("不同意见和理由")
    salt = models.CharField(max_length=32)
    digest = models.CharField("摘要值", max_length=64)
    signed_at = models.DateTimeField("签署时间")

    class Meta:
        constraints = (models.CheckConstraint(condition=~Q(text=""), name="dissent_has_a_text"),)
        ordering = ("seat", "id")

    def __str__(self) -> str:
        return f"{self.seat_id} {self.application_id}"

    @property
    def subject(self) -> str:
        return f"dissent:{self.pk}"


class Decision(models.Model):
    """One project in the ranking, and whether it is proposed.

    `first_total` is what the panel's first sheets came to, where one was marked anew; `tally` what
    was counted in a vote; `shortfalls` why the project does not qualify; `decided_by` the rule that
    set it apart from one of the same total. A selected project holds a place of the quota once the
    round is decided: the quota is a key.
    """

    round = models.ForeignKey(Round, on_delete=models.PROTECT, related_name="decisions")
    application = models.OneToOneField(
        Application, on_delete=models.PROTECT, related_name="decision"
    )
    rank = models.PositiveSmallIntegerField("名次")
    total = models.PositiveIntegerField("总分（千分之一分）")
    sheets = models.PositiveSmallIntegerField("有效评分表")
    first_total = models.PositiveIntegerField("合议前总分（千分之一分）", null=True)
    qualified = models.BooleanField("合格", default=True)
    shortfalls = models.JSONField("未达到之处", default=list)
    tally = models.JSONField("计票", default=dict)
    grade = models.CharField("等次", max_length=16, blank=True)
    decided_by = models.CharField("同分规则", max_length=32, blank=True)
    selected = models.BooleanField("拟推荐", default=False)
    reason = models.TextField("理由", blank=True)
    place = models.OneToOneField(
        QuotaPlace, on_delete=models.PROTECT, null=True, related_name="decision"
    )

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(place=None) | Q(selected=True), name="place_only_for_the_selected"
            ),
            models.CheckConstraint(
                condition=Q(selected=False) | Q(qualified=True), name="selected_is_qualified"
            ),
        )
        ordering = ("round", "rank", "application")

    def __str__(self) -> str:
        return f"{self.round_id} {self.rank}"
