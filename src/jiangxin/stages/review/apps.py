from django.apps import AppConfig


class Config(AppConfig):
    name = "jiangxin.stages.review"
    label = "review"
    verbose_name = "评审"
