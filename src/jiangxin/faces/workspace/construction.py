"""What a unit does about construction."""

urlpatterns: list[object] = []
