from django.apps import AppConfig


class Config(AppConfig):
    name = "jiangxin.faces.workspace"
    label = "workspace"
    verbose_name = "申报工作台"
