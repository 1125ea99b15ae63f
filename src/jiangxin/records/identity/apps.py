from django.apps import AppConfig


class Config(AppConfig):
    name = "jiangxin.records.identity"
    label = "identity"
    verbose_name = "单位与人员"
