from django.apps import AppConfig


class Config(AppConfig):
    name = "jiangxin.records.inbox"
    label = "inbox"
    verbose_name = "消息"
