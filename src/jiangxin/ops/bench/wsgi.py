"""The product under Granian, with the yardsticks among its addresses."""

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from jiangxin.ops import postgres

settings.ROOT_URLCONF = "jiangxin.ops.bench.urls"
if settings.EMBEDDED_POSTGRES:
    postgres.ensure_running(settings.EMBEDDED_POSTGRES)
application = get_wsgi_application()
