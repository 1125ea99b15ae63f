"""The entry point of Granian: one WSGI application for each worker process."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "jiangxin.config.settings")

application = get_wsgi_application()
