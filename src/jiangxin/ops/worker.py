"""The background worker: documents, imports, exports and reminders from the queue in PostgreSQL."""

import argparse
import os
from typing import cast

from django.conf import settings
from procrastinate.contrib.django import app
from procrastinate.contrib.django.django_connector import DjangoConnector


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """One option: how many jobs may run at once."""
    parser.add_argument(
        "--concurrency",
        type=int,
        default=int(os.environ.get("JIANGXIN_WORKER_CONCURRENCY", "2")),
        help="同时执行的任务数(默认 2)",
    )


def run(arguments: argparse.Namespace) -> None:
    """Work until SIGINT or SIGTERM; jobs that are running then may finish."""
    print(f"后台任务进程已启动，数据库:{settings.DATABASES['default']['NAME']}", flush=True)
    connector = cast("DjangoConnector", app.connector).get_worker_connector()
    with app.replace_connector(connector) as connected:
        connected.run_worker(
            concurrency=arguments.concurrency,
            install_signal_handlers=True,
            shutdown_graceful_timeout=20,
            delete_jobs="successful",
        )
