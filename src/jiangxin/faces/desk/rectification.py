"""The desk's pages of rectification."""

urlpatterns: list[object] = []
