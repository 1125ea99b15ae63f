"""The product under Granian, with the yardsticks among its addresses."""

from django.conf import settings

settings.ROOT_URLCONF = "jiangxin.ops.bench.urls"

from jiangxin.config.wsgi import application  # noqa: E402 -- the addresses are chosen before it loads

__all__ = ["application"]
