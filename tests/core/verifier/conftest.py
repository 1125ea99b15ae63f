"""The stand-alone verifier, loaded from its file, and whole sessions to show it."""

import importlib.util
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]


def _load(name, path):
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


verifier_module = _load("standalone_verifier", ROOT / "verifier" / "verify.py")
sessions_module = _load("draw_sessions", ROOT / "tests" / "core" / "draw" / "conftest.py")


@pytest.fixture(scope="session")
def verifier():
    """The module of verifier/verify.py."""
    return verifier_module


@pytest.fixture(scope="session")
def make_session():
    """The function that makes draw session number n."""
    return sessions_module.session


@pytest.fixture
def holds(verifier, tmp_path, capsys):
    """Whether the verifier's command line accepts these bytes."""

    def ask(task, data, *more):
        file = tmp_path / "published.json"
        file.write_bytes(data)
        code = verifier.main([task, str(file), *more])
        capsys.readouterr()
        return code == 0

    return ask
