"""What the worker does by the clock."""

from procrastinate.contrib.django import app

from jiangxin.records.ledger.actions import seal
from jiangxin.stages.accounts.flags import raise_stuck
from jiangxin.stages.filing.actions import record_no_application


@app.periodic(cron="* * * * *")
@app.task(queueing_lock="seal_ledger", pass_context=False)
def seal_ledger(timestamp: int) -> None:
    """Give the events of the last minute their place in the tree and write a checkpoint."""
    seal()


@app.periodic(cron="5 * * * *")
@app.task(queueing_lock="record_no_application", pass_context=False)
def record_late_years(timestamp: int) -> None:
    """After the filing deadline, put on record which provinces count as having no application."""
    record_no_application()


@app.periodic(cron="10 1 * * *")
@app.task(queueing_lock="raise_stuck", pass_context=False)
def look_for_stuck_money(timestamp: int) -> None:
    """Every night, ask the provinces about central money that has lain with them for too long."""
    raise_stuck()
