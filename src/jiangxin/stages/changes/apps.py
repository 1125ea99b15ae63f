from django.apps import AppConfig


class Config(AppConfig):
    name = "jiangxin.stages.changes"
    label = "changes"
    verbose_name = "称号变更"
