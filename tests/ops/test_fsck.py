"""fsck finds what somebody with all rights has changed, and checks a receipt against the ledger."""

import argparse
import json
from pathlib import Path

import pytest
from django.core.files.storage import default_storage

from jiangxin.ops import fsck
from jiangxin.records.ledger.actions import seal
from jiangxin.records.ledger.queries import receipt
from jiangxin.stages.application.models import Application, Version
from tests.factories.applications import by_hand, make_round

pytestmark = pytest.mark.django_db


@pytest.fixture
def project() -> Application:
    return make_round().submitted()


def run(*words: str) -> int:
    parser = argparse.ArgumentParser()
    fsck.add_arguments(parser)
    return fsck.run(parser.parse_args(words))


def test_a_true_database_holds(project: Application, capsys: pytest.CaptureFixture[str]) -> None:
    assert run() == 0
    assert "一致。" in capsys.readouterr().out


def test_a_state_changed_by_hand_is_found(project: Application) -> None:
    Application.objects.update(state="registered")
    assert list(fsck.stray_states()) == [
        f"project:{project.pk} 状态为 registered，账册记为 submitted。"
    ]
    assert run("--no-files") == 1


def test_a_version_changed_by_hand_is_found(project: Application) -> None:
    version = Version.objects.get()
    version.answers["plan_goal"] = "事后改写"
    with by_hand("application_version"):
        version.save()
    assert project.number in next(fsck.broken_versions())


def test_a_changed_or_missing_file_is_found(project: Application) -> None:
    document = project.evidence.select_related("document")[0].document
    path = Path(default_storage.path(document.path))
    kept = path.read_bytes()
    try:
        path.write_bytes(kept + b" ")
        assert "不符" in next(fsck.broken_files())
        path.unlink()
        assert "不见了" in next(fsck.broken_files())
    finally:
        path.write_bytes(kept)


def test_a_receipt_is_checked_against_the_ledger(
    project: Application, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    seal()
    slip = receipt(Version.objects.get().event_id)
    file = tmp_path / "receipt.json"
    file.write_text(json.dumps(slip), encoding="utf-8")
    assert run("--receipt", str(file)) == 0
    other = receipt(Version.objects.get().event_id - 1)
    file.write_text(json.dumps({**slip, "index": other["index"]}), encoding="utf-8")
    assert run("--receipt", str(file)) == 1
    file.write_text("no json", encoding="utf-8")
    assert run("--receipt", str(file)) == 2
    assert "回执" in capsys.readouterr().out
