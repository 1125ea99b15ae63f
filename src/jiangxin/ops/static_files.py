"""Collecting static files, only when one of them has changed."""

import hashlib
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command


def collect() -> bool:
    """Hash and compress the static files into `STATIC_ROOT`; answer whether anything was to do.

    Raises:
        ImproperlyConfigured: the Node packages are not installed.
    """
    root = Path(settings.STATIC_ROOT)
    stamp, now = root / ".fingerprint", fingerprint()
    if stamp.exists() and stamp.read_text() == now:
        return False
    call_command("collectstatic", interactive=False, clear=True, verbosity=0)
    stamp.write_text(now)
    return True


def fingerprint() -> str:
    """A digest of every source's address, size and time of change, and of the storage in use."""
    lines = [settings.STORAGES["staticfiles"]["BACKEND"]]
    for finder in get_finders():
        for path, storage in finder.list([]):
            place = Path(storage.path(path))
            lines.append(f"{place} {place.stat().st_size} {place.stat().st_mtime_ns}")
    return hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()
