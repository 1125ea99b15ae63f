"""The workbook there and back, marking anew, the result with its dissent, and the desk behind it."""

import io
from collections.abc import Iterator

import pytest
import xlsxwriter
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from python_calamine import CalamineWorkbook

from jiangxin.core.kernel import clock
from jiangxin.core.scoring.points import shown as points
from jiangxin.records.identity.viewer import Viewer
from jiangxin.stages.review.actions import sheets
from jiangxin.stages.review.models import Dissent, Revision, Round, ScoreSheet
from jiangxin.stages.review.queries import assigned
from jiangxin.stages.review.rubrics import rubric_of
from tests.factories.desk import client_of
from tests.factories.review import NOW, Province, leader_mask, make_province, marks

Table = list[list[str]]


@pytest.fixture(autouse=True)
def _in_september() -> Iterator[None]:
    with clock.at(NOW):
        yield


@pytest.fixture
def province(db: None) -> Province:
    return make_province("37")


@pytest.fixture
def row(province: Province) -> Round:
    return province.scoring()


def expert(province: Province, row: Round, place: int = 0) -> tuple[Viewer, Client, int]:
    seat = list(row.panel.filter(status="accepted").select_related("expert"))[place]
    viewer = province.viewer(seat.expert)
    return viewer, client_of(viewer), seat.pk


def ready(viewer: Viewer, count: int = 2) -> list[ScoreSheet]:
    """The first sheets of an expert, declared free of a conflict."""
    found = list(assigned(viewer).select_related("seat__round", "application")[:count])
    for sheet in found:
        sheets.declare(viewer=viewer, sheet_id=sheet.pk, conflict=False)
    return found


def downloaded(client: Client, seat: int) -> dict[str, Table]:
    answer = client.get(reverse("expert-workbook", args=[seat]))
    assert answer.status_code == 200
    book = CalamineWorkbook.from_filelike(io.BytesIO(answer.content))
    return {
        name: [[str(cell) for cell in line] for line in book.get_sheet_by_name(name).to_python()]
        for name in book.sheet_names
    }


def filled(tables: dict[str, Table], sheet: ScoreSheet, percent: int = 80) -> None:
    """Type the marks into the worksheet of a project."""
    typed = marks(rubric_of(sheet), percent)
    for line in tables[sheet.application.number]:
        if line[0] in typed:
            line[4] = typed[line[0]]


def sent(client: Client, seat: int, tables: dict[str, Table], **more: str):
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True})
    for name, lines in tables.items():
        page = book.add_worksheet(name)
        for number, line in enumerate(lines):
            page.write_row(number, 0, line)
    book.close()
    file = SimpleUploadedFile("评分表.xlsx", buffer.getvalue())
    return client.post(reverse("expert-upload", args=[seat]), {"file": file, **more})


def typed_of(sheet: ScoreSheet) -> dict[str, str]:
    return {key: mark["typed"] for key, mark in ScoreSheet.objects.get(pk=sheet.pk).marks.items()}


def test_the_workbook_holds_only_own_open_projects_without_a_conflict(
    province: Province, row: Round
) -> None:
    viewer, client, seat = expert(province, row)
    assert client.get(reverse("expert-workbook", args=[seat])).status_code == 422
    mine = ready(viewer)
    tables = downloaded(client, seat)
    assert set(tables) == {sheet.application.number for sheet in mine}
    text = str(tables)
    assert "13912345678" not in text
    masks = [leader_mask(sheet.application) for sheet in mine]
    assert not any(each in text for each in masks), (
        "a workbook carries the rubric, not the material"
    )
    _, other, _ = expert(province, row, 1)
    assert other.get(reverse("expert-workbook", args=[seat])).status_code == 422


def test_a_filled_workbook_comes_back_as_drafts(province: Province, row: Round) -> None:
    viewer, client, seat = expert(province, row)
    one, two = ready(viewer)
    tables = downloaded(client, seat)
    filled(tables, one)
    tables[one.application.number][-1][4] = "表中写的意见"
    answer = sent(client, seat, tables)
    assert answer.status_code == 302
    kept = ScoreSheet.objects.get(pk=one.pk)
    assert typed_of(one) == {
        key: text.rstrip("0").rstrip(".") for key, text in marks(rubric_of(one), 80).items()
    } or (typed_of(one) == marks(rubric_of(one), 80))
    assert (kept.comment, kept.state) == ("表中写的意见", "draft")
    assert set(typed_of(two).values()) == {""}
    shown = client.get(reverse("expert-queue")).content.decode()
    assert "已录入 2 份评分表" in shown
    assert "其中 1 份还没有填全" in shown
    assert sheets.sign(viewer=viewer, sheet_id=one.pk).state == "signed"


def test_one_wrong_cell_and_nothing_of_the_file_is_kept(province: Province, row: Round) -> None:
    viewer, client, seat = expert(province, row)
    one, two = ready(viewer)
    before = {each.pk: each.marks for each in ScoreSheet.objects.all()}
    tables = downloaded(client, seat)
    filled(tables, one)
    filled(tables, two)
    tables[two.application.number][2][4] = "999"
    tables[two.application.number][3][4] = "八分"
    tables[two.application.number][4][5] = "还行"
    answer = sent(client, seat, tables)
    assert answer.status_code == 422
    text = answer.content.decode()
    assert "一项也没有录入" in text
    # What cannot be read is told first; then what cannot be used.
    assert "<td>F5</td>" in text
    tables[two.application.number][4][5] = "佐证充分"
    text = sent(client, seat, tables).content.decode()
    assert "<td>E3</td>" in text
    assert "<td>E4</td>" in text
    assert two.application.number in text
    assert {each.pk: each.marks for each in ScoreSheet.objects.all()} == before


@pytest.mark.parametrize(
    ("damage", "text"),
    [
        (lambda table, other: table[0].__setitem__(1, str(other)), "不是您本次评审的评分表"),
        (lambda table, _: table[0].__setitem__(1, "x"), "看不出是哪一份评分表"),
        (lambda table, _: table[0].__setitem__(0, ""), "看不出是哪一份评分表"),
        (lambda table, _: table[0].__setitem__(3, "stale"), "下载之后又在网上保存过"),
        (lambda table, _: table[2].__setitem__(0, "made-up"), "没有指标“made-up”"),
        (lambda table, _: table[2].__setitem__(4, "=1+1"), "单元格是公式"),
        (lambda table, _: table[3].__setitem__(0, table[2][0]), "重复"),
    ],
)
def test_a_damaged_or_foreign_workbook_is_refused(
    province: Province, row: Round, damage, text: str
) -> None:
    viewer, client, seat = expert(province, row)
    other = assigned(expert(province, row, 1)[0]).first()
    (one,) = ready(viewer, 1)
    tables = downloaded(client, seat)
    filled(tables, one)
    damage(tables[one.application.number], other.pk)
    answer = sent(client, seat, tables)
    assert answer.status_code == 422
    assert text in answer.content.decode()
    assert typed_of(one) == {}
    assert not ScoreSheet.objects.get(pk=other.pk).marks


def test_what_was_saved_after_the_download_is_not_overwritten_unasked(
    province: Province, row: Round
) -> None:
    viewer, client, seat = expert(province, row)
    (one,) = ready(viewer, 1)
    tables = downloaded(client, seat)
    filled(tables, one, 60)
    sheets.save(viewer=viewer, sheet_id=one.pk, data=marks(rubric_of(one), 90))
    newer = typed_of(one)
    assert sent(client, seat, tables).status_code == 422
    assert typed_of(one) == newer
    assert sent(client, seat, tables, overwrite="yes").status_code == 302
    assert typed_of(one) != newer


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04rubbish", b"%PDF-1.4"])
def test_what_is_no_workbook_is_refused(province: Province, row: Round, data: bytes) -> None:
    viewer, client, seat = expert(province, row)
    ready(viewer, 1)
    page = reverse("expert-upload", args=[seat])
    assert client.post(page, {"file": SimpleUploadedFile("x.xlsx", data)}).status_code == 422
    assert client.post(page, {}).status_code == 422


def test_a_signed_sheet_is_marked_anew_only_with_reason_and_confirmation(
    province: Province, row: Round
) -> None:
    province.sign_all(row, lambda _e, _p: 80)
    viewer, client, _ = expert(province, row)
    sheet = assigned(viewer).select_related("seat__round", "application").first()
    page = reverse("expert-revise", args=[sheet.pk])
    assert "现在不能改评" in client.get(page).content.decode()
    hr = client_of(province.hr)
    discuss = reverse("desk-round-discuss", args=[row.pk])
    assert "开始合议？" in hr.get(discuss).content.decode()
    hr.post(discuss, {"confirmed": "yes"})
    assert "合议后改评" in client.get(reverse("expert-sheet", args=[sheet.pk])).content.decode()
    data = {**marks(rubric_of(sheet), 40), "comment": "重看"}
    for given in ({**data, "reason": "核对后不符"}, {**data, "confirmed": "yes"}):
        answer = client.post(page, given)
        assert answer.status_code == 422
        assert "重看" in answer.content.decode(), "what was typed stays"
    assert not Revision.objects.exists()
    assert (
        client.post(page, {**data, "reason": "核对后不符", "confirmed": "yes"}).status_code == 302
    )
    made = Revision.objects.get()
    own = client.get(reverse("expert-sheet", args=[sheet.pk])).content.decode()
    assert f"总分 <b>{points(sheet.total)}</b>" in own
    assert f"合议后改评 <b>{points(made.total)}</b>" in own
    _, other, _ = expert(province, row, 1)
    assert other.get(page).status_code == 404
    hr.post(reverse("desk-round-rank", args=[row.pk]), {"confirmed": "yes"})
    ranking = hr.get(reverse("desk-ranking", args=[row.pk])).content.decode()
    assert "合议前</th>" in ranking
    assert f"原 {points(sheet.total)}" in ranking
    both = hr.get(reverse("desk-ranking-sheet", args=[row.pk, sheet.pk])).content.decode()
    assert "核对后不符" in both
    assert "改评 <b>" in both


def test_dissent_from_the_result_page_into_the_minutes(province: Province) -> None:
    row = province.ranked()
    _, client, seat = expert(province, row)
    page = reverse("expert-outcome", args=[seat])
    shown = client.get(page).content.decode()
    assert "视为同意评审结果" in shown
    assert "拟推荐" not in shown
    assert "空白" not in shown
    assert client.post(page, {"text": "不同意第一名"}).status_code == 422
    assert not Dissent.objects.exists()
    about = {"text": "不同意第一名", "project": str(province.projects[0].pk), "confirmed": "yes"}
    assert client.post(page, about).status_code == 302
    hr = client_of(province.hr)
    assert "1 条专家书面不同意见" in hr.get(reverse("desk-ranking", args=[row.pk])).content.decode()
    minutes = reverse("desk-ranking-minutes", args=[row.pk])
    assert "不同意第一名" in hr.get(minutes).content.decode()
    assert hr.post(minutes, {"notes": "逐个讨论"}).status_code == 302
    assert "逐个讨论" in client_of(province.finance).get(minutes).content.decode()
    refused = client_of(province.finance).post(minutes, {"notes": "财政改的"})
    assert refused.status_code == 422
    draft = hr.get(reverse("desk-ranking-paper", args=[row.pk]))
    assert draft.content.startswith(b"%PDF")
    assert client_of(make_province("11", projects=1).hr).get(minutes).status_code == 404


def test_the_rules_stand_before_the_expert_from_the_invitation_on(province: Province) -> None:
    session = province.drawn(province.open_round())
    viewer = province.viewer(session.panel.select_related("expert").first().expert)
    invited = client_of(viewer).get(reverse("expert-queue")).content.decode()
    for words in ("评分排序", "全部签署后才能汇总", "视为同意评审结果", "材料评审 100%"):
        assert words in invited
    desk = client_of(province.hr).get(reverse("desk-round", args=[session.round_id]))
    assert "全部签署后才能汇总" in desk.content.decode()


def test_the_new_pages_cost_the_same_queries_for_one_project_and_three(
    db: None, django_assert_max_num_queries
) -> None:
    counts: dict[str, set[int]] = {}
    for code, projects in (("37", 1), ("11", 3)):
        place = make_province(code, projects=projects)
        row = place.scoring()
        viewer, client, seat = expert(place, row)
        ready(viewer, projects)
        pages = {"upload": (client, "expert-upload", seat)}
        _count(pages, counts, django_assert_max_num_queries)
        for sheet in assigned(viewer).select_related("seat__round", "application"):
            place.sign(viewer, sheet, 80)
        place.sign_all(row, lambda _e, _p: 80)
        hr = client_of(place.hr)
        hr.post(reverse("desk-round-rank", args=[row.pk]), {"confirmed": "yes"})
        pages = {
            "outcome": (client, "expert-outcome", seat),
            "minutes": (hr, "desk-ranking-minutes", row.pk),
        }
        _count(pages, counts, django_assert_max_num_queries)
    assert all(len(found) == 1 for found in counts.values()), counts


def _count(pages, counts, most) -> None:
    for name, (client, view, number) in pages.items():
        client.get(reverse(view, args=[number]))
        with most(10) as captured:
            assert client.get(reverse(view, args=[number])).status_code == 200
        counts.setdefault(name, set()).add(len(captured))
