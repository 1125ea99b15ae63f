"""Enter vouchers, one or a table of them, and take a wrong one back."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import DomainError, Invalid, NotFound, WrongState
from jiangxin.core.kernel.money import yuan
from jiangxin.core.workflow import Role
from jiangxin.records.documents.actions import store
from jiangxin.records.documents.gates import safe_name
from jiangxin.records.documents.models import Document
from jiangxin.records.documents.papers import Upload
from jiangxin.records.identity.viewer import Viewer
from jiangxin.records.ledger.actions import append
from jiangxin.stages.funding.choices import Source
from jiangxin.stages.funding.queries import received
from jiangxin.stages.titles.models import Title
from jiangxin.stages.titles.queries import in_scope, title_of

from . import rules
from .forms import Entry, clean, key_of, read_entry, wrongs
from .importing import MOST_ROWS, RowsRefused, TableRow, read_table
from .models import Account, Balance, Voucher

LONGEST_REASON = 500


@transaction.atomic
def enter_voucher(*, viewer: Viewer, title_id: int, entry: Entry, file: Upload | None) -> Voucher:
    """The unit enters one payment with its proof.

    Effects, in order: the account with the first voucher (event `account.opened`); the file kept;
    the balance of the source; the voucher, event `voucher.entered`; flags (see `rules.check`).
    Raises `Invalid` for a field that cannot be, without a file, for a file that the gates refuse,
    and for spending more than has arrived of that source (4.5).
    """
    viewer.require(Role.APPLICANT)
    title = title_of(viewer, title_id)
    for problem in wrongs(title, entry):
        raise problem
    if file is None:
        raise Invalid("请上传凭证文件。", remedy="发票、合同或发放表的扫描件。", field="file")
    account = _account(viewer, title)
    _spend(account, entry.source, entry.amount)
    voucher = _keep(viewer, account, entry, _store(viewer, file))
    rules.check([voucher])
    return voucher


@transaction.atomic
def reverse_voucher(*, viewer: Viewer, voucher_id: int, reason: str) -> Voucher:
    """Take a wrong voucher back by one of the same amount below zero; the first one stays as it is.

    Effects, in order: the balance of the source; the reversing voucher of today, event
    `voucher.reversed`. Flags on the first one stay and are concluded as they are. Raises `Invalid`
    without a reason, `WrongState` when it is taken back already or is itself a reversing one.
    """
    viewer.require(Role.APPLICANT)
    first = _standing(viewer, voucher_id)
    account = first.account
    reason = clean(reason)
    if not reason:
        raise Invalid("请写明冲销的理由。", clause="4.5", field="reason")
    if len(reason) > LONGEST_REASON:
        raise Invalid(f"理由最多 {LONGEST_REASON} 字。", field="reason")
    balance = Balance.objects.get(account=account, source=first.source)
    balance.spent = F("spent") - first.amount
    balance.save(update_fields=["spent"])
    copied = ("category", "source", "payee", "payee_key", "invoice", "invoice_key", "note")
    row = Voucher.objects.create(
        account=account,
        on=clock.today(),
        amount=-first.amount,
        reason=reason,
        document=first.document,
        reverses=first,
        by=viewer.name,
        at=clock.now(),
        **{name: getattr(first, name) for name in copied},
    )
    append(
        type="voucher.reversed",
        subject=first.subject,
        by=viewer,
        payload={"by": row.subject, "digest": row.digest()},
    )
    return row


def _standing(viewer: Viewer, voucher_id: int) -> Voucher:
    """The unit's own voucher, its account locked, as long as it is not taken back."""
    rows = Voucher.objects.filter(in_scope(viewer, "account__title"), pk=voucher_id)
    row = rows.select_related("account__title", "document").first()
    if row is None:
        raise NotFound("没有这张凭证。", remedy="它可能属于其他单位。")
    _locked(row.account.title)
    if row.reverses_id is not None:
        raise WrongState("冲销凭证不能再冲销。", remedy="请按正确内容重新登记一张凭证。")
    if Voucher.objects.filter(reverses=row).exists():
        raise WrongState("这张凭证已经冲销。")
    return row


@transaction.atomic
def import_vouchers(
    *, viewer: Viewer, title_id: int, table: Upload, files: Sequence[Upload]
) -> list[Voucher]:
    """Enter every row of an Excel table, or none.

    Each row names one of `files`. Effects: those of `enter_voucher` for each row, in order. Raises
    `Invalid` for a table that cannot be read, `RowsRefused` with everything wrong in every row.
    """
    viewer.require(Role.APPLICANT)
    title = title_of(viewer, title_id)
    rows = read_table(table)
    if len(rows) > MOST_ROWS:
        raise Invalid(
            f"一次最多导入 {MOST_ROWS} 行，现有 {len(rows)} 行。",
            remedy="请分几次导入。",
            field="table",
        )
    uploads = {safe_name(each.name): each for each in files}
    account = _account(viewer, title)
    refused = RowsRefused()
    entries = [(row, entry) for row in rows if (entry := _read(title, row, uploads, refused))]
    _afford(account, entries, refused)
    documents = _store_all(viewer, entries, uploads, refused)
    refused.raise_if_any()
    vouchers = []
    for row, entry in entries:
        _spend(account, entry.source, entry.amount)
        vouchers.append(_keep(viewer, account, entry, documents[safe_name(row.file)]))
    rules.check(vouchers)
    return vouchers


def _read(
    title: Title, row: TableRow, uploads: dict[str, Upload], refused: RowsRefused
) -> Entry | None:
    entry, problems = read_entry(title, row.texts)
    if not row.file:
        problems.append(Invalid("没有写凭证文件名。", field="file"))
    elif safe_name(row.file) not in uploads:
        told = f"没有上传名为“{row.file}”的文件。"
        problems.append(Invalid(told, remedy="文件名须与表中所写完全一致。", field="file"))
    refused.add(row.number, [*row.problems, *problems])
    return None if problems or row.problems else entry


def _afford(
    account: Account, entries: Iterable[tuple[TableRow, Entry]], refused: RowsRefused
) -> None:
    """Name the rows from which on the money of their source is not enough."""
    arrived = received(account.title)
    spent = dict(Balance.objects.filter(account=account).values_list("source", "spent"))
    for row, entry in entries:
        left = arrived.get(entry.source, 0) - spent[entry.source]
        if entry.amount > left:
            refused.add(row.number, [_too_much(entry.source, entry.amount, left)])
        else:
            spent[entry.source] += entry.amount


def _store_all(
    viewer: Viewer,
    entries: Iterable[tuple[TableRow, Entry]],
    uploads: dict[str, Upload],
    refused: RowsRefused,
) -> dict[str, Document]:
    """Keep each file once; a file that the gates refuse is told at the first row that names it."""
    kept: dict[str, Document] = {}
    tried: set[str] = set()
    for row, _ in entries:
        name = safe_name(row.file)
        if refused.rows or name in tried:
            continue
        tried.add(name)
        try:
            kept[name] = _store(viewer, uploads[name])
        except DomainError as error:
            refused.add(row.number, [error])
    return kept


def _store(viewer: Viewer, file: Upload) -> Document:
    return store(
        name=file.name, size=file.size, content=file.content, owner_id=viewer.organisation_id
    )


def _account(viewer: Viewer, title: Title) -> Account:
    """The locked account of a title, opened now if this is its first voucher."""
    row, created = Account.objects.get_or_create(title=title, defaults={"opened_at": clock.now()})
    if created:
        Balance.objects.bulk_create(Balance(account=row, source=each.value) for each in Source)
        append(
            type="account.opened", subject=row.subject, by=viewer, payload={"title": title.subject}
        )
    return _locked(title)


def _locked(title: Title) -> Account:
    """The lock leaves room for flags that another account's voucher raises on this one's title."""
    rows = Account.objects.select_for_update(of=("self",), no_key=True)
    return rows.select_related("title").get(title=title)


def _spend(account: Account, source: str, amount: int) -> None:
    """Take `amount` from what has arrived of `source`. Raises `Invalid` when that is not enough."""
    balance = Balance.objects.get(account=account, source=source)
    balance.received = received(account.title).get(source, 0)
    if amount > balance.left:
        raise _too_much(source, amount, balance.left)
    left = balance.left
    balance.spent = F("spent") + amount
    try:
        with transaction.atomic():
            balance.save(update_fields=["received", "spent"])
    except IntegrityError as error:
        if "account_spends_what_arrived" in str(error):
            raise _too_much(source, amount, left) from None
        raise


def _too_much(source: str, amount: int, left: int) -> Invalid:
    label = Source(source).label
    return Invalid(
        f"{label}余额 {yuan(max(left, 0))} 元，不足以支付 {yuan(amount)} 元。",
        remedy="只能使用已经到账的资金；请核对金额和资金来源，或待资金到账后再登记。",
        clause="4.5",
        field="amount",
    )


def _keep(viewer: Viewer, account: Account, entry: Entry, document: Document) -> Voucher:
    fields: dict[str, Any] = dict(vars(entry))
    row = Voucher.objects.create(
        account=account,
        payee_key=key_of(entry.payee),
        invoice_key=key_of(entry.invoice),
        document=document,
        by=viewer.name,
        at=clock.now(),
        **fields,
    )
    append(
        type="voucher.entered",
        subject=row.subject,
        by=viewer,
        payload={
            "account": account.subject,
            "source": row.source,
            "category": row.category,
            "amount": row.amount,
            "digest": row.digest(),
        },
    )
    return row
