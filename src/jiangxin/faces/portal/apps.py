from django.apps import AppConfig


class Config(AppConfig):
    name = "jiangxin.faces.portal"
    label = "portal"
    verbose_name = "门户"
