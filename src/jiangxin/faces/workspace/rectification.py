"""What a unit does about rectification."""

urlpatterns: list[object] = []
