from django.apps import AppConfig


class Config(AppConfig):
    name = "jiangxin.stages.publicity"
    label = "publicity"
    verbose_name = "公示"
