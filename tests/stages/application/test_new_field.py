"""A field that the pack gains needs no code: asked, kept, checked, printed, in workbook and guide."""

import io
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse
from python_calamine import CalamineWorkbook

from jiangxin.core.kernel import clock
from jiangxin.stages.application import paper
from jiangxin.stages.application.guide import guide
from jiangxin.stages.application.queries import form_of, gaps
from jiangxin.stages.application.workbook import workbook_of
from jiangxin.stages.programme.models import Track
from tests.factories.applications import DURING, make_round, save
from tests.factories.desk import policies_with

NEW = """[[sections.fields]]
key = "safety"
label = "安全培训记录"
kind = "table"
required = true
help = "近一年的安全培训，一次一行。"
columns = [
  { key = "on", label = "日期", kind = "date", required = true, help = "培训当天的日期。" },
  { key = "hours", label = "学时", kind = "integer", unit = "学时", help = "每人的学时数。" },
]
[[sections.fields]]
key = "safety_hours"
label = "安全培训学时合计"
kind = "integer"
unit = "学时"
computed = { op = "sum", table = "safety", column = "hours" }
help = "上表学时之和。"
[[sections.fields]]
key = "spread\""""


@pytest.mark.django_db
def test_a_field_more_in_the_pack_is_everywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    round_ = make_round()
    project = round_.draft(round_.unit())
    folder = policies_with(tmp_path, '"quota.base" = 5')
    form = folder / "cn-2022-62/forms/studio.toml"
    text = form.read_text()
    assert '[[sections.fields]]\nkey = "spread"' in text
    form.write_text(text.replace('[[sections.fields]]\nkey = "spread"', NEW))
    monkeypatch.setenv("JIANGXIN_POLICIES", str(folder))
    client = Client()
    client.force_login(project.unit.people.get())
    with clock.at(DURING):
        assert [each.label for each in gaps(project)] == ["安全培训记录"]
        page = client.get(reverse("apply-section", args=[project.pk, "results"])).content.decode()
        assert "安全培训记录" in page
        assert "每人的学时数。" in page
        rows = [{"on": "2025-03-01", "hours": 8}, {"on": "2025-04-01", "hours": 6}]
        project, errors = save(project, "results", safety=rows)
        assert (errors, gaps(project)) == ({}, [])
        check = client.get(reverse("apply-check", args=[project.pk])).content.decode()
        assert "14 学时" in check
        items = paper.form_data(project, paper.draft(project))["sections"]
    assert "14 学时" in str(items)
    book = CalamineWorkbook.from_filelike(io.BytesIO(workbook_of(project)))
    cells = str([book.get_sheet_by_name(name).to_python() for name in book.sheet_names])
    assert "safety#1" in cells
    assert "安全培训学时合计" in cells
    assert "每人的学时数。" in str(guide(Track.STUDIO, None).sections)
    assert form_of(project).field("safety_hours")
