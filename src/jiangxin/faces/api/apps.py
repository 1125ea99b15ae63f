from django.apps import AppConfig


class Config(AppConfig):
    name = "jiangxin.faces.api"
    label = "api"
    verbose_name = "接口"
