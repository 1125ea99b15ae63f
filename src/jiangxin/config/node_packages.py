"""Static files out of `node_modules`: the few that pages use, of the thousands that lie there."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import BaseFinder
from django.contrib.staticfiles.utils import matches_patterns
from django.core.exceptions import ImproperlyConfigured
from django.core.files.storage import FileSystemStorage

# Address below /static/ → folder in node_modules, files. The maps are named by the minified files.
PACKAGES: dict[str, tuple[str, tuple[str, ...]]] = {
    "tabler": (
        "@tabler/core/dist",
        (
            "css/tabler.min.css",
            "css/tabler.min.css.map",
            "js/tabler.min.js",
            "js/tabler.min.js.map",
        ),
    ),
    "echarts": ("echarts/dist", ("echarts.common.min.js",)),
}


class NodePackages(BaseFinder):
    """A finder of Django's staticfiles for `PACKAGES`."""

    def check(self, **_: Any) -> list[Any]:
        """Nothing to check at start: `list` refuses when packages are missing."""
        return []

    def find(  # type: ignore[override]  # the stubs lack the empty list that Django itself returns
        self, path: str, find_all: bool = False, **_: Any
    ) -> str | list[str]:
        """The place on disk of one address; an empty list is Django's "not here"."""
        prefix, _slash, rest = path.partition("/")
        folder, files = PACKAGES.get(prefix, ("", ()))
        place = settings.NODE_MODULES / folder / rest
        if rest not in files or not place.is_file():
            return []
        return [str(place)] if find_all else str(place)

    def list(self, ignore_patterns: Any) -> Iterator[tuple[str, FileSystemStorage]]:
        """Each file as (path in its package, storage of the package).

        Raises:
            ImproperlyConfigured: a file is not on disk; without it pages would come unstyled.
        """
        for prefix, (folder, files) in PACKAGES.items():
            location: Path = settings.NODE_MODULES / folder
            storage = FileSystemStorage(location=location)
            storage.prefix = prefix  # type: ignore[attr-defined]  # read by collectstatic
            for file in files:
                if not (location / file).is_file():
                    raise ImproperlyConfigured(
                        f"缺少前端文件 {location / file}。请先运行 make install。"
                    )
                if not matches_patterns(file, ignore_patterns):
                    yield file, storage
