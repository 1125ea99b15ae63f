from django.apps import AppConfig


class Config(AppConfig):
    name = "jiangxin.stages.titles"
    label = "titles"
    verbose_name = "名录"
