"""What a unit does about revocation."""

urlpatterns: list[object] = []
