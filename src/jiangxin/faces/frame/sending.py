"""Send a stored file: its own name, its own type, never run by the browser."""

from django.http import HttpResponse
from django.utils.http import content_disposition_header

from jiangxin.records.documents.queries import Stored, read

INLINE = ("application/pdf", "image/jpeg", "image/png")
SANDBOX = "default-src 'none'; sandbox; frame-ancestors 'self'"
# Browsers show no PDF inside a sandbox. Their viewer runs it apart from this site all the same: it has
# no access to the page or its cookies, and the policy lets it fetch nothing.
POLICIES = {
    "application/pdf": "default-src 'none'; object-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'self'"
}


def send_document(document: Stored) -> HttpResponse:
    """PDF and pictures open in the browser, everything else is saved; no sniffing, no scripts."""
    return send_bytes(document.name, document.media_type, read(document))


def send_bytes(name: str, media_type: str, data: bytes) -> HttpResponse:
    """The same for bytes that are made or unpacked for this answer."""
    response = HttpResponse(data, content_type=media_type)
    response["Content-Disposition"] = (
        content_disposition_header(media_type not in INLINE, name) or "attachment"
    )
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = POLICIES.get(media_type, SANDBOX)
    return response
