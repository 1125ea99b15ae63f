from django.apps import AppConfig


class Config(AppConfig):
    name = "jiangxin.records.concurrence"
    label = "concurrence"
    verbose_name = "会商"
