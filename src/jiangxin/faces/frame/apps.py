from django.apps import AppConfig


class Config(AppConfig):
    name = "jiangxin.faces.frame"
    label = "frame"
    verbose_name = "页面框架"
