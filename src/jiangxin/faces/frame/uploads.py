"""The files of a form as an action takes them."""

from django.http import HttpRequest

from jiangxin.records.documents.papers import Upload


def uploads(request: HttpRequest, name: str = "file") -> list[Upload]:
    """Every file that was chosen in the input `name`."""
    return [
        Upload(name=each.name or "", size=each.size or 0, content=each)
        for each in request.FILES.getlist(name)
    ]
