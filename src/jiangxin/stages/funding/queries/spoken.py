"""Which department has said what, as conditions on rows: for lists of what waits."""

from django.db.models import CharField, Exists, OuterRef, Value
from django.db.models.functions import Cast, Concat

from jiangxin.records.concurrence.models import Concurrence


def spoken(act: str, name: str, **said: object) -> Exists:
    """Whether a concurrence on `name:pk` stands (one that is not void), further narrowed by `said`.

    Content that changes voids what was said of it, so what stands is about the content as it is.
    """
    subject = Concat(Value(f"{name}:"), Cast(OuterRef("pk"), CharField()))
    return Exists(Concurrence.objects.filter(act=act, void_at=None, subject=subject, **said))
