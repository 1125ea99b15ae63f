from django.apps import AppConfig


class Config(AppConfig):
    name = "jiangxin.stages.rectification"
    label = "rectification"
    verbose_name = "限期整改"
