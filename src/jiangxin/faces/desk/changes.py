"""The desk's pages of changes."""

urlpatterns: list[object] = []
