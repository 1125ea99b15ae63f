"""All addresses: each face has its own list."""

from importlib.util import find_spec

from django.urls import URLPattern, URLResolver, include, path

from jiangxin.config.health import healthz
from jiangxin.ops.rehearsal import views as rehearsal

_FACES = (
    ("", "frame"),
    ("workspace/", "workspace"),
    ("desk/", "desk"),
    ("api/", "api"),
    ("", "portal"),
)

urlpatterns: list[URLPattern | URLResolver] = [path("healthz", healthz, name="healthz")]
urlpatterns += rehearsal.urlpatterns
urlpatterns += [
    path(prefix, include(module))
    for prefix, face in _FACES
    if find_spec(module := f"jiangxin.faces.{face}.urls")
]
handler400 = "jiangxin.faces.frame.pages.bad_request"
handler403 = "jiangxin.faces.frame.pages.not_permitted"
handler404 = "jiangxin.faces.frame.pages.not_found"
handler500 = "jiangxin.faces.frame.pages.server_error"

handler400 = "jiangxin.faces.frame.pages.bad_request"
handler403 = "jiangxin.faces.frame.pages.not_permitted"
handler404 = "jiangxin.faces.frame.pages.not_found"
handler500 = "jiangxin.faces.frame.pages.server_error"
