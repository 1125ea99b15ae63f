"""All addresses: each face has its own list."""

from importlib.util import find_spec

from django.urls import URLPattern, URLResolver, include, path

from jiangxin.config.health import healthz

_FACES = {"workspace/": "workspace", "desk/": "desk", "api/": "api", "": "portal"}

urlpatterns: list[URLPattern | URLResolver] = [path("healthz", healthz)]
urlpatterns += [
    path(prefix, include(module))
    for prefix, face in _FACES.items()
    if find_spec(module := f"jiangxin.faces.{face}.urls")
]
