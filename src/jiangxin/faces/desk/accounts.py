"""Fund accounts on the desk: the list, one account and its statement, vouchers, and one voucher."""

from django.db.models import Q
from django.http import HttpResponse
from django.urls import path, reverse

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import DomainError
from jiangxin.core.kernel.money import FEN_PER_WAN
from jiangxin.core.kernel.regions import province_name
from jiangxin.core.workflow import Role
from jiangxin.faces.frame.addresses import path_of
from jiangxin.faces.frame.filters import query
from jiangxin.faces.frame.keywords import choice, contains, number, province, when
from jiangxin.faces.frame.listing import Column, Listing
from jiangxin.faces.frame.money import rates
from jiangxin.faces.frame.pages import Request, catching, done, page, typed
from jiangxin.faces.frame.vouchers import SOURCES, standing, vouchers_of
from jiangxin.stages.accounts import flags, queries
from jiangxin.stages.accounts.choices import all_uses, rules
from jiangxin.stages.programme.tracks import Kind
from jiangxin.stages.titles.queries import title_of

from . import accounts_flags
from .accounts_flags import READERS
from .navigation import Link, desk_page

FINANCE = frozenset({Role.PROVINCE_FINANCE})
SUBJECTS = {"flag": "desk-flag"}  # where a message about one leads
LINKS = (
    Link(name="desk-accounts", label="专项资金账", icon="book", roles=READERS, group="资金使用"),
    Link(
        name="desk-flags",
        label="资金疑点",
        icon="flag",
        roles=READERS,
        group="资金使用",
        waits=queries.open_flags,
        todo="待办:我",
    ),
    Link(name="desk-vouchers", label="支出凭证", icon="file", roles=READERS, group="资金使用"),
)
ACCOUNTS = Listing(
    columns=(
        Column("number", "编号", lambda row: row.number, sort="number"),
        Column("name", "项目名称", lambda row: row.name, sort="name"),
        Column("unit", "建设单位", lambda row: row.unit_name, sort="unit_name"),
        Column("province", "省份", lambda row: province_name(row.province), sort="province"),
        Column("year", "年度", lambda row: str(row.year), sort="year"),
        Column("received", "已到账", lambda row: row.received, "money", "received"),
        Column("spent", "已支出", lambda row: row.spent, "money", "spent"),
        Column("left", "余额", lambda row: row.left, "money", "left"),
        Column("rate", "执行率%", lambda row: row.rate, "number", "rate"),
        Column("pending", "未结疑点", lambda row: row.pending, "number", "pending"),
        Column("confirmed", "属实疑点", lambda row: row.confirmed, "number", "confirmed"),
        Column("refund", "应退回", lambda row: row.refund, "money", "refund", default=False),
        Column("kind", "类别", lambda row: row.get_kind_display(), sort="kind", default=False),
    ),
    keywords=(
        when(
            "疑点",
            "有、无；未结（待说明或待认定）、属实",
            {
                "有": Q(pending__gt=0) | Q(confirmed__gt=0),
                "无": Q(pending=0, confirmed=0),
                "未结": Q(pending__gt=0),
                "属实": Q(confirmed__gt=0),
            },
        ),
        number("余额", "left", "余额，万元", scale=FEN_PER_WAN, example=">100"),
        number("执行率", "rate", "已支出占已到账的百分数", example="<50"),
        province(),
        number("年", "year", "年度，例如 2025", example="2025"),
        choice("类别", "kind", Kind),
        contains("单位", "unit_name", example="单位:学院"),
    ),
    text=("number__icontains", "name__icontains", "unit_name__icontains"),
    text_help="在编号、项目名称、建设单位中查找",
    order=("-year", "province", "number", "id"),
    link=lambda row: path_of("desk-account", row.pk),
)


def voucher_listing() -> Listing:
    """The declaration of the list of vouchers of the whole scope."""
    title = "account__title"
    return vouchers_of(
        more=(
            Column(
                "title",
                "项目编号",
                lambda row: row.account.title.number,
                sort=f"{title}__number",
            ),
            Column(
                "unit",
                "建设单位",
                lambda row: row.account.title.unit_name,
                sort=f"{title}__unit_name",
            ),
            Column(
                "province",
                "省份",
                lambda row: province_name(row.account.title.province),
                sort=f"{title}__province",
                default=False,
            ),
        ),
        keywords=(
            contains("编号", f"{title}__number", about="项目编号", example="编号:2025"),
            contains("单位", f"{title}__unit_name", example="单位:学院"),
            province(f"{title}__province"),
        ),
        link=lambda row: path_of("desk-voucher", row.pk),
    )


@page(roles=READERS)
def accounts(request: Request) -> HttpResponse:
    """Every title with money, and how it stands."""
    shown = ACCOUNTS.show(queries.accounts(request.viewer), request)
    empty = {"title": "还没有专项资金账", "why": "资金拨付到单位或单位登记支出后，就会出现在这里。"}
    return shown.export("专项资金账") or desk_page(
        request, "desk/accounts/list.html", {"list": shown, "empty": empty}
    )


@page(roles=READERS)
def account(request: Request, title_id: int) -> HttpResponse:
    """One account: received, spent, left; budget against spending; what looks wrong in it."""
    title = title_of(request.viewer, title_id)
    sheet, found = queries.sheet(title), list(queries.flags_of(title))
    return desk_page(
        request,
        "desk/accounts/account.html",
        {
            "title": title,
            "sheet": sheet,
            "rates": rates(sheet, found),
            "flags": [accounts_flags.line(each) for each in found],
            "vouchers_url": reverse("desk-vouchers") + query({"q": f"编号:{title.number}"}),
        },
    )


@page(roles=READERS)
def statement(request: Request, title_id: int) -> HttpResponse:
    """The account to print: every voucher with what was left after it."""
    title = title_of(request.viewer, title_id)
    return desk_page(
        request,
        "desk/accounts/statement.html",
        {
            "title": title,
            "province": province_name(title.province),
            "sheet": queries.sheet(title),
            "lines": queries.book(title),
            "uses": all_uses(),
            "sources": SOURCES,
            "made": clock.now(),
        },
    )


@page(roles=READERS)
def vouchers(request: Request) -> HttpResponse:
    """Every voucher in scope: search, sort, export."""
    shown = voucher_listing().show(queries.vouchers(request.viewer), request)
    empty = {"title": "还没有支出凭证", "why": "单位在专项资金账中登记支出后，就会出现在这里。"}
    return shown.export("支出凭证") or desk_page(
        request, "desk/accounts/vouchers.html", {"list": shown, "empty": empty}
    )


@page(roles=READERS, methods=("GET", "POST"))
def voucher(request: Request, voucher_id: int) -> HttpResponse:
    """One voucher with its proof; provincial finance raises what no rule can see."""
    row = queries.voucher(request.viewer, voucher_id)
    problems: list[DomainError] = []
    if request.method == "POST":
        with catching(problems):
            raised = flags.raise_by_hand(
                viewer=request.viewer,
                voucher_id=voucher_id,
                rule=request.POST.get("rule", ""),
                text=request.POST.get("text", ""),
            )
            return done(request, "疑点已提出，已通知单位说明情况。", "desk-flag", raised.pk)
    stands = not standing(row)
    return desk_page(
        request,
        "desk/accounts/voucher.html",
        {
            "voucher": row,
            "title": row.account.title,
            "uses": all_uses(),
            "sources": SOURCES,
            "standing": standing(row),
            "flags": [accounts_flags.line(each) for each in queries.flags_on(row)],
            "may_raise": stands and request.viewer.role in FINANCE,
            "by_hand": [
                (key, f"{rule.kind_label}：{rule.title}")
                for key, rule in rules().items()
                if rule.by_hand
            ],
            "problems": problems,
            "errors": {each.field: each.message for each in problems if each.field},
            "values": typed(request, {"rule": "", "text": ""}),
        },
    )


urlpatterns = [
    path("accounts/", accounts, name="desk-accounts"),
    path("accounts/<int:title_id>/", account, name="desk-account"),
    path("accounts/<int:title_id>/statement/", statement, name="desk-account-statement"),
    path("vouchers/", vouchers, name="desk-vouchers"),
    path("vouchers/<int:voucher_id>/", voucher, name="desk-voucher"),
    *accounts_flags.urlpatterns,
]
