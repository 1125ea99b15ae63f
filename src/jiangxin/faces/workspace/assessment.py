"""What a unit does about assessment."""

urlpatterns: list[object] = []
