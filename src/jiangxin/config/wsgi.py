"""The entry point of Granian: one WSGI application for each worker process."""

import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from jiangxin.ops import postgres

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "jiangxin.config.settings")

if settings.EMBEDDED_POSTGRES:
    postgres.ensure_running(settings.EMBEDDED_POSTGRES)
application = get_wsgi_application()
