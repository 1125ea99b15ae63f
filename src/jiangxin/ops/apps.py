from django.apps import AppConfig


class Config(AppConfig):
    name = "jiangxin.ops"
    label = "ops"
    verbose_name = "运维"
