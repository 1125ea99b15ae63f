from django.apps import AppConfig


class Config(AppConfig):
    name = "jiangxin.stages.filing"
    label = "filing"
    verbose_name = "备案"
