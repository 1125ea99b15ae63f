from django.apps import AppConfig


class Config(AppConfig):
    name = "jiangxin.ops"
    label = "ops"
    verbose_name = "运维"

    def ready(self) -> None:
        """Register the checks."""
        from jiangxin.ops import checks  # noqa: F401
