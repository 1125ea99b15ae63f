"""The settings of the tests: the same program on a database server, files and mail of its own."""

from jiangxin.config.environment import database
from jiangxin.config.settings import *  # noqa: F403
from jiangxin.config.settings import EMBEDDED_POSTGRES, VAR

DEMO = False
if EMBEDDED_POSTGRES:
    EMBEDDED_POSTGRES = VAR / "test-pg"
DATABASES = {"default": database(EMBEDDED_POSTGRES)}
# A race test opens a connection for each thread and closes it; a pool would keep them and block the
# removal of the test database.

ALLOWED_HOSTS = ["*"]
SECURE_SSL_REDIRECT = SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = False
SECURE_HSTS_SECONDS = 0
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
MEDIA_ROOT = VAR / "test-files"
STATIC_ROOT = VAR / "test-static"
STATIC_ROOT.mkdir(exist_ok=True)
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
