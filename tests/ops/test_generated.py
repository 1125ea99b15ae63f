"""What is made from the code and committed is up to date."""

from jiangxin.ops.generated import FOLDER, documents


def test_the_generated_documents_are_not_stale() -> None:
    stale = [
        name
        for name, text in documents().items()
        if not (FOLDER / name).is_file() or (FOLDER / name).read_text(encoding="utf-8") != text
    ]
    assert stale == [], "run `make generated` and commit"
