"""The desk's pages of revocation."""

urlpatterns: list[object] = []
