"""The desk's pages of accounts."""

urlpatterns: list[object] = []
