"""What the worker does by the clock. Cron times are UTC: 23:00 is 07:00 in Beijing."""

from procrastinate.contrib.django import app

from jiangxin.records.inbox import mailing
from jiangxin.records.ledger.actions import seal
from jiangxin.stages.copied.actions import read_submitted
from jiangxin.stages.examination.indexing import index_submitted

from .daily import run_day
from .reminders import remind


@app.periodic(cron="* * * * *")
@app.task(queueing_lock="seal_ledger", pass_context=False)
def seal_ledger(timestamp: int) -> None:
    """Give the events of the last minute their place in the tree and write a checkpoint."""
    seal()


@app.periodic(cron="* * * * *")
@app.task(queueing_lock="index_submitted", pass_context=False)
def index_for_examination(timestamp: int) -> None:
    """List what has been submitted since: the case with its date, and how each clause stands."""
    index_submitted()


@app.periodic(cron="*/3 * * * *")
@app.task(queueing_lock="scan_passages", pass_context=False)
def scan_passages(timestamp: int) -> None:
    """Read the passages of what has been submitted since, and pair those that are alike."""
    read_submitted()


@app.periodic(cron="5 * * * *")
@app.task(queueing_lock="what_a_date_brings", pass_context=False)
def what_a_date_brings(timestamp: int) -> None:
    """What falls due by itself: every hour, so that the first minutes of a day already know it."""
    run_day()


@app.periodic(cron="0 23 * * *")
@app.task(queueing_lock="send_reminders", pass_context=False)
def send_reminders(timestamp: int) -> None:
    """Remind whoever has something to do with a date near or past."""
    remind()


@app.periodic(cron="*/5 * * * *")
@app.task(queueing_lock="send_mails", pass_context=False)
def send_mails(timestamp: int) -> None:
    """Mail the messages that have not been mailed yet."""
    mailing.send_mails()
