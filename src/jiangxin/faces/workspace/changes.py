"""What a unit does about changes."""

urlpatterns: list[object] = []
