from django.apps import AppConfig


class Config(AppConfig):
    name = "jiangxin.stages.accounts"
    label = "accounts"
    verbose_name = "专项资金账"
