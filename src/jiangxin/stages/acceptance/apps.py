from django.apps import AppConfig


class Config(AppConfig):
    name = "jiangxin.stages.acceptance"
    label = "acceptance"
    verbose_name = "验收与绩效评价"
