"""The desk's pages of experience."""

urlpatterns: list[object] = []
