"""Django's settings; what an installation may choose comes from the environment.

docs/operations.md lists the variables. Reading this file starts nothing and connects to nothing: the
command line and the tests' conftest start the embedded PostgreSQL before they use it.
"""

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

from csp.constants import NONE, SELF

from jiangxin.config.environment import database, flag, secret_key, words
from jiangxin.ops.paths import ROOT, var

DEMO: bool = flag("JIANGXIN_DEMO")
VAR: Path = var()
SECRET_KEY = secret_key(VAR)
DEBUG = False
ALLOWED_HOSTS = [*words("JIANGXIN_HOSTS"), "localhost", "127.0.0.1", "[::1]"]
CSRF_TRUSTED_ORIGINS = words("JIANGXIN_ORIGINS")
# Where users reach the site: mails and the codes on paper lead there.
PUBLIC_URL = os.environ.get("JIANGXIN_URL", "").rstrip("/")
ROOT_URLCONF = "jiangxin.config.urls"
WSGI_APPLICATION = "jiangxin.config.wsgi.application"
AUTH_USER_MODEL = "identity.User"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_htmx",
    "axes",
    "csp",
    "procrastinate.contrib.django",
    "jiangxin.records.ledger",
    "jiangxin.records.identity",
    "jiangxin.records.concurrence",
    "jiangxin.records.documents",
    "jiangxin.records.inbox",
    "jiangxin.stages.programme",
    "jiangxin.stages.titles",
    "jiangxin.stages.assessment",
    "jiangxin.stages.application",
    "jiangxin.stages.copied",
    "jiangxin.stages.examination",
    "jiangxin.stages.experts",
    "jiangxin.stages.review",
    "jiangxin.stages.publicity",
    "jiangxin.stages.filing",
    "jiangxin.stages.funding",
    "jiangxin.stages.accounts",
    "jiangxin.stages.construction",
    "jiangxin.stages.acceptance",
    "jiangxin.stages.rectification",
    "jiangxin.stages.revocation",
    "jiangxin.stages.changes",
    "jiangxin.stages.experience",
    "jiangxin.faces.frame",
    "jiangxin.faces.workspace",
    "jiangxin.faces.desk",
    "jiangxin.faces.portal",
    "jiangxin.faces.api",
    "jiangxin.ops",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "axes.middleware.AxesMiddleware",
]

TEMPLATES: list[dict[str, Any]] = [
    {
        "NAME": "jiangxin",
        "BACKEND": "jiangxin.faces.frame.template_backend.MiniJinja",
        "DIRS": [],
    },
    {  # for the templates that third-party apps bring with them
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    },
]

# --- database ------------------------------------------------------------------------------------

EMBEDDED_POSTGRES: Path | None = None if os.environ.get("DATABASE_URL") else VAR / "pg"
DATABASES: dict[str, dict[str, Any]] = {"default": database(EMBEDDED_POSTGRES)}
DATABASES["default"]["OPTIONS"]["pool"] = {"min_size": 1, "max_size": 10, "timeout": 10}

# --- people --------------------------------------------------------------------------------------

AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "/login/"
LOGIN_REDIRECT_URL = "/home/"
LOGOUT_REDIRECT_URL = "/"
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_LOCKOUT_CALLABLE = "jiangxin.faces.frame.login.locked_out"
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False

# --- language and time ---------------------------------------------------------------------------

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "简体中文")]
TIME_ZONE = "Asia/Shanghai"
USE_TZ = True
USE_I18N = True

# --- files ---------------------------------------------------------------------------------------

STATIC_URL = "/static/"
STATIC_ROOT = VAR / "static"
NODE_MODULES = ROOT / "node_modules"
VERIFIER = ROOT / "verifier/verify.py"  # offered to the public
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "jiangxin.config.node_packages.NodePackages",
]
WHITENOISE_SKIP_COMPRESS_EXTENSIONS = ["jpg", "png", "gz", "br", "woff", "woff2", "map"]
STORAGES: dict[str, dict[str, Any]] = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
MEDIA_ROOT = VAR / "files"
FILE_UPLOAD_PERMISSIONS = 0o600
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5000

# --- mail ----------------------------------------------------------------------------------------

EMAIL_BACKEND = os.environ.get(
    "JIANGXIN_EMAIL_BACKEND",
    f"django.core.mail.backends.{'filebased' if DEMO else 'smtp'}.EmailBackend",
)
EMAIL_FILE_PATH = VAR / "mail"
EMAIL_HOST = os.environ.get("JIANGXIN_EMAIL_HOST", "localhost")
EMAIL_PORT = int(os.environ.get("JIANGXIN_EMAIL_PORT", "25"))
EMAIL_HOST_USER = os.environ.get("JIANGXIN_EMAIL_USER", "")
EMAIL_HOST_PASSWORD = os.environ.get("JIANGXIN_EMAIL_PASSWORD", "")
EMAIL_USE_TLS = flag("JIANGXIN_EMAIL_TLS")
DEFAULT_FROM_EMAIL = os.environ.get("JIANGXIN_EMAIL_FROM", "jiangxin@localhost")

# --- safety --------------------------------------------------------------------------------------
# Real mode is served over TLS only. The demo runs on a loopback address without a certificate.

HTTPS = not DEMO
SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^healthz$"]
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_PROXY_SSL_HEADER = (
    ("HTTP_X_FORWARDED_PROTO", "https") if flag("JIANGXIN_BEHIND_PROXY") else None
)
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 8 * 3600
CSRF_FAILURE_VIEW = "jiangxin.faces.frame.pages.csrf_failure"
X_FRAME_OPTIONS = "SAMEORIGIN"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF, "data:"],
        "connect-src": [SELF],
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [SELF],
    }
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": os.environ.get("JIANGXIN_LOG_LEVEL", "WARNING")},
}
