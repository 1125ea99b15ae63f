"""The JSON API, version 1: read-only, over the same queries as the pages.

Its description (OpenAPI) is at its root.
"""

from django.http import HttpRequest, HttpResponse
from django.urls import path
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError

from jiangxin.core.kernel.errors import DomainError, Invalid, NotFound, NotPermitted

from . import projects, public

api = NinjaAPI(
    title="匠心",
    version="1",
    description="名录、申报通知、公示、政策规范；登录后可读本范围的项目。只读。",
    urls_namespace="api-1",
    docs_url=None,
    openapi_url="/",
)
api.add_router("", public.router, tags=["公开"])
api.add_router("", projects.router, tags=["本范围"])


def _refusal(request: HttpRequest, error: DomainError, status: int | None = None) -> HttpResponse:
    return api.create_response(request, error.as_dict(), status=status or error.status)


@api.exception_handler(DomainError)
def refused(request: HttpRequest, error: DomainError) -> HttpResponse:
    """A refusal as JSON with its own status."""
    return _refusal(request, error)


@api.exception_handler(AuthenticationError)
def not_logged_in(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
    """401: there is no session."""
    return _refusal(
        request, NotPermitted("请先登录。", remedy="在网页登录后，用同一会话调用。"), status=401
    )


@api.exception_handler(ValidationError)
def not_understood(request: HttpRequest, error: ValidationError) -> HttpResponse:
    """422: the first parameter that makes no sense."""
    first = error.errors[0]
    name = str(first["loc"][-1])
    return _refusal(
        request,
        Invalid(f"参数“{name}”不正确。", remedy=str(first["msg"]), field=name),
    )


@api.exception_handler(HttpError)
def other(request: HttpRequest, error: HttpError) -> HttpResponse:
    """What the framework itself refuses."""
    return _refusal(request, NotFound("无法处理这个请求。"), status=error.status_code)


urlpatterns = [path("v1/", api.urls)]
