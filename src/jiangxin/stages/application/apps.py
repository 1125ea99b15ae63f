from django.apps import AppConfig


class Config(AppConfig):
    name = "jiangxin.stages.application"
    label = "application"
    verbose_name = "申报"
