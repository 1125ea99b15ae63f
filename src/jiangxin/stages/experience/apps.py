from django.apps import AppConfig


class Config(AppConfig):
    name = "jiangxin.stages.experience"
    label = "experience"
    verbose_name = "经验案例"
