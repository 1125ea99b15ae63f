"""What a unit does about experience."""

urlpatterns: list[object] = []
