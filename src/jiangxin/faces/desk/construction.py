"""The desk's pages of construction."""

urlpatterns: list[object] = []
