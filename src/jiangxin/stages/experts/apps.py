from django.apps import AppConfig


class Config(AppConfig):
    name = "jiangxin.stages.experts"
    label = "experts"
    verbose_name = "专家库"
