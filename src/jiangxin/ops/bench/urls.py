"""The product's addresses and the yardsticks beside them."""

from django.urls import include, path

from . import bare

urlpatterns = [
    path("bare/write/<slug:name>", bare.write),
    path("bare/<slug:name>", bare.view),
    path("", include("jiangxin.config.urls")),
]
