from django.apps import AppConfig


class Config(AppConfig):
    name = "jiangxin.stages.assessment"
    label = "assessment"
    verbose_name = "考核评估"
