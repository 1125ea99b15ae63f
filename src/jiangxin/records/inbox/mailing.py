"""Messages by mail, to those whom they concern, who have an address and did not refuse."""

import logging
from collections.abc import Iterable
from datetime import timedelta
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction
from django.urls import reverse

from jiangxin.core.kernel import clock
from jiangxin.records.identity.models import User

from .models import Message

BATCH = 200
STALE = timedelta(days=3)  # older ones are not mailed any more: a mail server was down for long
FOOT = "本邮件由系统自动发出，请勿回复。请登录系统办理；如不想再收邮件，可在“账号与提醒”中关闭。"

log = logging.getLogger(__name__)


def send_mails() -> int:
    """Mail what has not been mailed yet, in order; returns how many mails went out.

    Each message in its own transaction: its row is locked, the mails go out, the time is written.
    Two workers never take the same message; a message whose mails failed is tried again by the next
    call until it is stale, and never holds up those behind it.
    """
    since = clock.now() - STALE
    waiting = Message.objects.filter(mailed_at=None, at__gte=since).order_by("at", "id")
    with get_connection() as connection:
        return sum(_mail(pk, connection) for pk in waiting.values_list("pk", flat=True)[:BATCH])


def send_letter(*, to: str, title: str, paragraphs: Iterable[str]) -> bool:
    """A letter to somebody who has no account yet; whether the mail server took it.

    Sent at once, outside the outbox: what it holds (a one-time code) is kept nowhere.
    """
    subject = " ".join(f"【匠心】{title}".split())
    try:
        return bool(EmailMessage(subject, "\n\n".join(paragraphs), to=[to]).send())
    except (SMTPException, OSError):
        log.exception("a letter could not be mailed")
        return False


def readers(message: Message) -> list[User]:
    """The active accounts that a message concerns and that take mail."""
    rows = User.objects.filter(is_active=True, wants_mail=True).exclude(email="")
    if message.person_id:
        rows = rows.filter(pk=message.person_id)
    elif message.unit_id:
        rows = rows.filter(organisation=message.unit_id)
    else:
        rows = rows.filter(role=message.office, province=message.province)
    return list(rows.order_by("id"))


def _mail(pk: int, connection: BaseEmailBackend) -> int:
    try:
        with transaction.atomic():
            rows = Message.objects.select_for_update(skip_locked=True)
            message = rows.filter(pk=pk, mailed_at=None).first()
            if message is None:
                return 0
            message.mailed_at = clock.now()
            message.save(update_fields=["mailed_at"])
            mails = [_letter(message, each, connection) for each in readers(message)]
            return connection.send_messages(mails) or 0 if mails else 0
    except (SMTPException, OSError):
        log.exception("message %s could not be mailed", pk)
        return 0


def _address(message: Message) -> str:
    """Where the message is seen to; empty while the installation has not said where it is reached."""
    if not settings.PUBLIC_URL:
        return ""
    return f"办理地址：{settings.PUBLIC_URL}{reverse('message', args=[message.pk])}"


def _letter(message: Message, to: User, connection: BaseEmailBackend) -> EmailMessage:
    due = f"办理期限：{clock.long_date(message.due)}" if message.due else ""
    parts = [f"{to.name}：", message.title, message.text, due, _address(message), FOOT]
    subject = " ".join(f"【匠心】{message.title}".split())
    body = "\n\n".join(part for part in parts if part)
    return EmailMessage(subject, body, to=[to.email], connection=connection)
