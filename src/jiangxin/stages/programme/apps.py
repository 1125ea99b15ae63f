from django.apps import AppConfig
from django.conf import settings


class Config(AppConfig):
    name = "jiangxin.stages.programme"
    label = "programme"
    verbose_name = "年度"

    def ready(self) -> None:
        """In demo mode the one clock follows the demonstration's shift; for real it never moves."""
        if settings.DEMO:
            from jiangxin.core.kernel import clock

            from .queries import demo_shift

            clock.shift_by(demo_shift)
