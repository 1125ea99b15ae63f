"""Where things lie on disk: the repository, and the folder for everything that changes."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


def var() -> Path:
    """The folder of all changing data, absolute, created if missing.

    `JIANGXIN_VAR` names it; without that it is `var/` in the repository root.
    """
    folder = Path(os.environ.get("JIANGXIN_VAR") or ROOT / "var").expanduser().resolve()
    folder.mkdir(parents=True, exist_ok=True)
    return folder
