"""The yardstick: a view that runs recorded SQL, sends recorded bytes, and does nothing else."""

import json
from functools import cache
from random import choice
from typing import Any

from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse

from jiangxin.ops.paths import var

RECORDED = var() / "recorded.json"


@cache
def recorded() -> dict[str, Any]:
    """Name → {"sql": [...], "body": text} as the recorder left it."""
    found: dict[str, Any] = json.loads(RECORDED.read_text(encoding="utf-8"))
    return found


@cache
def body(name: str) -> bytes:
    encoded: bytes = recorded()[name]["body"].encode()
    return encoded


def view(request: HttpRequest, name: str) -> HttpResponse:
    """Read: every statement, all rows fetched; then the same bytes."""
    with connection.cursor() as cursor:
        for statement in recorded()[name]["sql"]:
            cursor.execute(statement)
            if cursor.description:
                cursor.fetchall()
    return HttpResponse(body(name))


def write(request: HttpRequest, name: str) -> HttpResponse:
    """Write: what one of the recorded requests reads and writes, in one durable transaction, without
    any of our code."""
    with transaction.atomic(), connection.cursor() as cursor:
        for statement in choice(recorded()[name]["writes"]):
            cursor.execute(statement)
            if cursor.description:
                cursor.fetchall()
    return HttpResponse(status=302)
