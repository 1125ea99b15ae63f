from django.apps import AppConfig


class Config(AppConfig):
    name = "jiangxin.stages.copied"
    label = "copied"
    verbose_name = "近似段落"
