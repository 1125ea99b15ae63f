"""The desk's pages of assessment."""

urlpatterns: list[object] = []
