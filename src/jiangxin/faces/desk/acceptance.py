"""The desk's pages of acceptance."""

urlpatterns: list[object] = []
