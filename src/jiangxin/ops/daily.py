"""What a date makes happen, once a day, with nobody's hand: by the worker, by the rehearsal, by tests.

An action that a later stage adds goes into `DAILY`: it takes nothing, may run any number of times a
day, and returns what it did (a list, a number), which counts as nothing when it is falsy.
"""

from collections.abc import Callable, Mapping

from jiangxin.records.documents.uploads import expire_uploads
from jiangxin.stages.accounts.flags import raise_stuck
from jiangxin.stages.filing.actions import record_no_application

DAILY: Mapping[str, Callable[[], object]] = {
    "当年视为无申报项目": record_no_application,
    "省级滞留资金疑点": raise_stuck,
    "清理未传完的文件": expire_uploads,
}


def run_day() -> dict[str, int]:
    """Run every daily action at the clock's present time; name → how much it did, where it did any."""
    found = {name: _amount(act()) for name, act in DAILY.items()}
    return {name: amount for name, amount in found.items() if amount}


def _amount(done: object) -> int:
    if isinstance(done, int):
        return done
    return len(done) if isinstance(done, list | tuple | set | dict) else int(bool(done))
