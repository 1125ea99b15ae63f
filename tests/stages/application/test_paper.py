"""The paper equals the screen: every value on the page stands in the PDF and in the Word file."""

import io
from html import unescape
from typing import Any

import docx
import pytest
import zxingcpp
from django.test import Client
from django.urls import reverse
from docx.oxml.ns import qn
from PIL import Image
from pypdf import PdfReader

from jiangxin.core.kernel import clock
from jiangxin.core.policy.printed import printed
from jiangxin.core.workflow import Role
from jiangxin.ops.scenes.province import hand_in
from jiangxin.records.documents import qr, word_form
from jiangxin.records.documents.rendering import pdf
from jiangxin.records.identity.models import User
from jiangxin.stages.application import paper, proving
from jiangxin.stages.application.models import Application
from jiangxin.stages.application.queries import form_of
from jiangxin.stages.application.sealing import shown_answers
from jiangxin.stages.programme.models import Track
from tests.factories.applications import DURING, Round, make_round, save, unit_of
from tests.factories.desk import official

pytestmark = pytest.mark.django_db


@pytest.fixture
def round_() -> Round:
    return make_round()


def flat(text: str) -> str:
    return "".join(text.split())


def pdf_pages(data: bytes) -> list[str]:
    return [flat(page.extract_text()) for page in PdfReader(io.BytesIO(data)).pages]


def word_text(data: bytes) -> str:
    made = docx.Document(io.BytesIO(data))
    cells = [cell.text for table in made.tables for row in table.rows for cell in row.cells]
    return flat("\n".join([*(each.text for each in made.paragraphs), *cells]))


def values(project: Application, found: paper.Content) -> list[str]:
    """Every label, head and value of the form, as the one source of texts has them."""
    texts: list[str] = []
    for part in printed(form_of(project), shown_answers(found.answers)):
        texts.append(part.section.title)
        for entry in part.entries:
            texts += [entry.field.label, entry.text, *(entry.heads if entry.rows else ())]
            texts += [cell for row in entry.rows for cell in row]
    return [flat(each) for each in texts if each]


@pytest.mark.parametrize("track", list(Track))
def test_screen_pdf_and_word_say_the_same(round_: Round, track: Track) -> None:
    project = round_.submitted(track)
    found = paper.content(project, 1)
    data = paper.form_data(project, found)
    pages = pdf_pages(pdf("form", data, at=DURING))
    printed_text, word = "".join(pages), word_text(word_form.docx(data, at=DURING))
    client = Client()
    client.force_login(project.unit.people.get())
    screen = flat(
        unescape(client.get(reverse("apply-version", args=[project.pk, 1])).content.decode())
    )
    told = [*values(project, found), *(flat(text) for line in data["cover"] for text in line)]
    told += [flat(each[2]) for each in data["evidence"]]
    assert len(told) > 150
    assert [each for each in told if each not in word] == []
    assert [each for each in told if each not in screen] == []
    # A long text may go on over the page, with the foot of the page in between: its parts are there.
    lost = [each for each in told if each not in printed_text]
    assert [each for each in lost if len(each) < 60] == []
    assert all(each[:20] in printed_text and each[-20:] in printed_text for each in lost)


def test_every_page_has_its_number_the_version_code_and_the_receipts_qr(round_: Round) -> None:
    project = round_.submitted()
    found = paper.content(project, 1)
    data = paper.form_data(project, found)
    pages = pdf_pages(pdf("form", data, at=DURING))
    assert len(pages) > 5
    for number, text in enumerate(pages, start=1):
        assert f"—{number}—" in text
        assert f"版本码{found.code}" in text
        assert project.number in text
    assert found.code.replace("-", "").lower() == found.digest[:16]
    assert "目录" in pages[1]
    assert all(flat(each["title"]) in pages[1] for each in data["sections"])
    assert read_qr(qr.png(data["payload"])) == data["payload"]
    made = docx.Document(io.BytesIO(word_form.docx(data, at=DURING)))
    for header in (made.sections[0].header, made.sections[0].even_page_header):
        assert found.code in header.paragraphs[0].text
        (picture,) = [each for each in header.part.rels.values() if "image" in each.reltype]
        assert read_qr(picture.target_part.blob) == data["payload"]
    codes = [each.text for each in made.element.body.iter(qn("w:instrText"))]
    assert any("TOC" in each for each in codes)


def read_qr(picture: bytes) -> str:
    (code,) = zxingcpp.read_barcodes(Image.open(io.BytesIO(picture)).convert("L"))
    return str(code.text)


def test_the_same_version_is_the_same_file_and_a_draft_says_that_it_is_one(round_: Round) -> None:
    unit = round_.unit()
    project = round_.draft(unit)
    with clock.at(DURING):
        draft = paper.content(project, 0)
        data = paper.form_data(project, draft)
        assert "草稿，尚未提交" in pdf_pages(pdf("form", data, at=DURING))[0]
        hand_in(unit, project)
    project.refresh_from_db()
    first = paper.content(project, 1)
    assert first.code == draft.code, "what is submitted has the code that was printed before"
    data = paper.form_data(project, first)
    assert pdf("form", data, at=DURING) == pdf("form", data, at=DURING)
    assert "尚未提交" not in "".join(pdf_pages(pdf("form", data, at=DURING)))


def test_any_change_gives_another_code(round_: Round) -> None:
    unit = round_.unit()
    project = round_.draft(unit)
    with clock.at(DURING):
        before = paper.content(project, 0).code
        changed, _ = save(project, "results", spread="换了一种说法。")
        assert paper.content(changed, 0).code != before
        proving.detach(
            viewer=unit, application_id=project.pk, evidence_id=project.evidence.all()[0].pk
        )
        assert len({before, paper.content(changed, 0).code, paper.content(project, 0).code}) > 1


def test_personal_numbers_are_masked_on_paper(round_: Round) -> None:
    project = round_.submitted()
    mask = project.answers["leader_id_number"]["mask"]
    data = paper.form_data(project, paper.content(project, 1))
    assert mask in word_text(word_form.docx(data, at=DURING))
    assert mask in "".join(pdf_pages(pdf("form", data, at=DURING)))


def test_who_may_fetch_the_paper(round_: Round) -> None:
    project = round_.submitted()

    def status(user: Any, tail: str) -> int:
        client = Client()
        client.force_login(user)
        number, ending = tail.split(".")
        address = reverse(f"apply-paper-{ending}", args=[project.pk, int(number)])
        return client.get(address).status_code

    own = project.unit.people.get()
    stranger = User.objects.get(pk=round_.unit().user_id)
    examiner = User.objects.get(pk=official(Role.PROVINCE_HR, "37", "审查甲").user_id)
    elsewhere = User.objects.get(pk=official(Role.PROVINCE_HR, "32", "审查乙").user_id)
    assert [status(own, tail) for tail in ("0.pdf", "1.pdf", "1.docx", "2.pdf")] == [
        200,
        200,
        200,
        404,
    ]
    assert [status(examiner, tail) for tail in ("1.pdf", "0.pdf")] == [200, 404]
    assert [status(each, "1.pdf") for each in (stranger, elsewhere)] == [404, 404]
    assert unit_of(project).organisation_id == project.unit_id
