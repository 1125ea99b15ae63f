"""What the worker does by the clock."""

from procrastinate.contrib.django import app

from jiangxin.records.ledger.actions import seal


@app.periodic(cron="* * * * *")
@app.task(queueing_lock="seal_ledger", pass_context=False)
def seal_ledger(timestamp: int) -> None:
    """Give the events of the last minute their place in the tree and write a checkpoint."""
    seal()
