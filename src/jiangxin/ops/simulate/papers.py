"""The files that actors put in: small, sound, and different from each other."""

from io import BytesIO
from random import Random

from jiangxin.records.documents.papers import Upload


def scan(rng: Random, name: str) -> Upload:
    """A one-page PDF called `name` whose bytes nobody else has."""
    data = (
        b"%PDF-1.4\n% "
        + rng.randbytes(8).hex().encode()
        + b"\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
    )
    return Upload(name=f"{name}.pdf", size=len(data), content=BytesIO(data))
