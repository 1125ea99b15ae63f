from django.apps import AppConfig


class Config(AppConfig):
    name = "jiangxin.faces.desk"
    label = "desk"
    verbose_name = "管理工作台"
