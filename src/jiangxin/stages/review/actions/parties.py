"""What a party of a draw gives: its commitment, then its secret; for every session with shares.

The callers have locked the session and checked its province.
"""

from typing import Any

from django.db import IntegrityError, transaction

from jiangxin.core.draw.ceremony import Ceremony, State
from jiangxin.core.draw.record import VoidReason
from jiangxin.core.draw.shares import commitment as commitment_of
from jiangxin.core.kernel import chance, clock
from jiangxin.core.kernel.errors import Invalid, NotPermitted, WrongState
from jiangxin.records.identity.models import User
from jiangxin.records.identity.viewer import Viewer
from jiangxin.records.ledger.actions import append
from jiangxin.stages.review.models import Share
from jiangxin.stages.review.queries.ceremony import PARTY_OF, Session, ceremony, reveal_by

SECRET_BYTES = 32
REUSED = "该方公开的随机数在以前的抽取中已经公开过，事先可知。"


def party_of(viewer: Viewer) -> str:
    """The party for which the viewer stands. Raises `NotPermitted`."""
    party = PARTY_OF.get(viewer.role)
    if party is None:
        raise NotPermitted(
            "抽取由省级人社、财政和监督三方办理。",
            remedy="请由三方各自登录办理；其他人员可以查看公布的记录。",
            clause="3.2",
        )
    return party


def promise(session: Session, viewer: Viewer) -> tuple[str, str]:
    """A fresh secret and its commitment for the viewer's party; nothing is kept."""
    secret = chance.token(SECRET_BYTES)
    return secret, commitment_of(party_of(viewer), session.plan["session"], secret)


def commit(session: Session, viewer: Viewer, commitment: str) -> Any:
    """The share of the viewer's party; event `draw.party_committed`. Raises what `draw.commit` says."""
    party = party_of(viewer)
    ceremony(session).commit(party, commitment)
    person = User.objects.get(pk=viewer.user_id or 0)
    _require_one_party_each(session, person)
    try:
        with transaction.atomic():
            share = session.shares.create(
                party=party,
                commitment=commitment,
                committed_at=clock.now(),
                user=person,
                name=viewer.name,
            )
    except IntegrityError:
        raise WrongState("同一人不能代表两方，一方也只能承诺一次。", clause="3.2") from None
    append(
        type="draw.party_committed",
        subject=session.subject,
        by=viewer,
        payload={"party": party, "commitment": commitment},
    )
    return share


def reveal(session: Session, viewer: Viewer, secret: str) -> Any:
    """The secret of the viewer's party; event `draw.party_revealed`. Raises what `draw.reveal` says.

    None, and nothing kept, when the secret was public before: the caller voids the session.
    """
    party = party_of(viewer)
    secret = secret.strip().lower()
    after = ceremony(session).reveal(party, secret, spent=_spent(session))
    _require_in_time(session)
    if after.state is State.VOID:
        return None
    share = session.shares.get(party=party)
    share.secret, share.revealed_at = secret, clock.now()
    share.save(update_fields=["secret", "revealed_at"])
    append(
        type="draw.party_revealed",
        subject=session.subject,
        by=viewer,
        payload={"party": party, "secret": secret},
    )
    return share


def _require_in_time(session: Session) -> None:
    end = reveal_by(session)
    if end is not None and clock.now() >= end:
        raise WrongState(
            f"公开随机数的期限（{clock.long_moment(end)}）已过。",
            remedy="请由省级人社部门以“参与方未公开随机数”将本场作废，写明未公开的一方，另开一场。",
            clause="3.2",
            field="secret",
        )


def require_void_reason(
    session: Session, made: Ceremony, reason: VoidReason, note: str, *, short: bool
) -> None:
    """A session may end without a result only for a reason that is a fact, so that nobody who sees
    the result coming can call it off.

    `short`: the result is known and leaves seats empty. 未公开 needs its time to be over and somebody
    who is missing; 中断 that no secret is open yet; 未产生 that the number's moment has passed; once the
    result is known nothing counts but seats that stay empty. Raises `Invalid`, `WrongState`.
    """
    if not note.strip():
        raise Invalid("请写明作废的原因。", clause="3.2", field="note")
    if reason is VoidReason.SECRET_REUSED:
        raise WrongState("随机数曾经使用过的，系统在公开时自动作废。", clause="3.2", field="reason")
    if made.state is State.READY and not (reason is VoidReason.SEATS_SHORT and short):
        raise WrongState(
            "各方随机数已全部公开，结果已经确定，不能作废。",
            remedy="请直接抽取；确有专家不能参加的，按顺序递补。",
            clause="3.2",
        )
    if reason is VoidReason.WITHHELD:
        _require_withheld(session, made)
    elif reason is VoidReason.NUMBER_CANCELLED:
        _require_no_number(session, made)
    elif reason is VoidReason.SEATS_SHORT and made.state is not State.READY:
        raise WrongState("抽取以后才知道专家是否足够。", clause="3.2", field="reason")
    elif reason is VoidReason.INTERRUPTED and made.shares:
        raise WrongState(
            "已有一方公开随机数，不能以“抽取因故中断”作废。",
            remedy="中断后可以随时继续；到期仍有一方未公开的，以“参与方未公开随机数”作废。",
            clause="3.2",
            field="reason",
        )


def _require_withheld(session: Session, made: Ceremony) -> None:
    end = reveal_by(session)
    if not made.waiting_for:
        raise WrongState("各方都已办理，不能以“参与方未公开随机数”作废。", clause="3.2")
    if end is not None and clock.now() < end:
        raise WrongState(
            f"公开随机数的期限是{clock.long_moment(end)}，到期前不能以“未公开”作废。",
            remedy="请通知尚未公开的一方；到期仍未公开的，再作废并写明该方。",
            clause="3.2",
            field="reason",
        )


def _require_no_number(session: Session, made: Ceremony) -> None:
    if made.state is not State.AWAITING_NUMBER or session.number_at is None:
        raise WrongState("本场不在等待公共随机数。", clause="3.2", field="reason")
    if clock.now() < session.number_at:
        raise WrongState(
            f"公共随机数应在{clock.long_moment(session.number_at)}公布，之前不能认定未产生。",
            clause="3.2",
            field="reason",
        )


def _spent(session: Session) -> set[str]:
    """Every secret that was ever made public, in draws of this kind and of panels."""
    kinds = {Share, session.shares.model}
    return {
        secret
        for kind in kinds
        for secret in kind.objects.exclude(secret="").values_list("secret", flat=True)
    }


def _require_one_party_each(session: Session, person: User) -> None:
    """Two accounts of one person: same name and same phone."""
    others = User.objects.filter(
        pk__in=session.shares.values("user_id"), name=person.name, phone=person.phone
    )
    if person.phone and others.exists():
        raise NotPermitted(
            "同一人不能代表两方参加抽取。",
            remedy="请由另一位工作人员用本人的账号办理。",
            clause="3.2",
        )
