"""The desk's pages of funding."""

urlpatterns: list[object] = []
