from django.apps import AppConfig


class Config(AppConfig):
    name = "jiangxin.stages.funding"
    label = "funding"
    verbose_name = "后补助"
