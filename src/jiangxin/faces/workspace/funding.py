"""What a unit does about funding."""

urlpatterns: list[object] = []
