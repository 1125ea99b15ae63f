from django.apps import AppConfig


class Config(AppConfig):
    name = "jiangxin.stages.examination"
    label = "examination"
    verbose_name = "资格审查"
