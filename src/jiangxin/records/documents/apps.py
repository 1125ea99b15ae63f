from django.apps import AppConfig


class Config(AppConfig):
    name = "jiangxin.records.documents"
    label = "documents"
    verbose_name = "材料"
