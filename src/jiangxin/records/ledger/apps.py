from django.apps import AppConfig


class Config(AppConfig):
    name = "jiangxin.records.ledger"
    label = "ledger"
    verbose_name = "账册"
