"""How many objections one sender may raise in an hour: counted in the database, kindly refused."""

from datetime import timedelta

from django.db import transaction
from django.db.models import F

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import LimitReached
from jiangxin.core.kernel.identifiers import keyed_hash
from jiangxin.records.identity.secrets import hash_key
from jiangxin.stages.programme.queries import parameter

from .models import Notice, Sending

KEPT = timedelta(days=1)


@transaction.atomic
def count_objection(notice: Notice, sender: str) -> None:
    """Count one objection from the network address `sender`; nothing for "".

    Effects: the hour's count of this sender; counts of former days are deleted. Raises
    `LimitReached` beyond the parameter. The row's lock makes two at once wait for each other.
    """
    if not sender:
        return
    hour = clock.now().replace(minute=0, second=0, microsecond=0)
    Sending.objects.filter(hour__lt=hour - KEPT).delete()
    key = keyed_hash(f"{sender} {hour.isoformat()}", hash_key())
    row, made = Sending.objects.get_or_create(sender=key, hour=hour)
    if made:
        return
    most = int(parameter("publicity.objections_an_hour", notice.call.year))
    if not Sending.objects.filter(pk=row.pk, number__lt=most).update(number=F("number") + 1):
        raise LimitReached(
            f"同一网络地址一小时内最多提出 {most} 件异议，本件没有提交。",
            remedy="您填写的内容还在本页。请下一个整点后再提交，或按公示所列电话、地址当面提出。",
            clause="3.2",
        )
