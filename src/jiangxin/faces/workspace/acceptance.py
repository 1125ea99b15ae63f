"""What a unit does about acceptance."""

urlpatterns: list[object] = []
