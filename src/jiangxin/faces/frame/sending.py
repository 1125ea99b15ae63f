"""Send a stored file: its own name, its own type, never run by the browser."""

from django.http import HttpResponse
from django.utils.http import content_disposition_header

from jiangxin.records.documents.queries import Stored, read

INLINE = ("application/pdf", "image/jpeg", "image/png")


def send_document(document: Stored) -> HttpResponse:
    """PDF and pictures open in the browser, everything else is saved; no sniffing, no scripts."""
    response = HttpResponse(read(document), content_type=document.media_type)
    response["Content-Disposition"] = content_disposition_header(
        document.media_type not in INLINE, document.name
    )
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response
