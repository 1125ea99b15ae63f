"""What a unit does about accounts."""

urlpatterns: list[object] = []
