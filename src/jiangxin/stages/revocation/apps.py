from django.apps import AppConfig


class Config(AppConfig):
    name = "jiangxin.stages.revocation"
    label = "revocation"
    verbose_name = "取消称号"
