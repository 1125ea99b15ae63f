from django.apps import AppConfig


class Config(AppConfig):
    name = "jiangxin.stages.construction"
    label = "construction"
    verbose_name = "建设"
