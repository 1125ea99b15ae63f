"""Which files of this stage a viewer may open."""

from django.db.models import Q

from jiangxin.core.kernel.errors import NotFound
from jiangxin.records.documents.models import Document
from jiangxin.records.identity.viewer import Viewer
from jiangxin.stages.construction.models import FindingFile, ReportFile, VisitFile

from .activities import activities
from .building import extensions
from .reports import reports
from .supervision import findings, visits


def file(viewer: Viewer, document_id: int) -> Document:
    """A file of a report, visit, finding, extension or activity in scope. Raises `NotFound`."""
    held = (
        ReportFile.objects.filter(report__in=reports(viewer).order_by()),
        VisitFile.objects.filter(visit__in=visits(viewer).order_by()),
        FindingFile.objects.filter(remark__finding__in=findings(viewer).order_by()),
    )
    single = (extensions(viewer).order_by(), activities(viewer).order_by())
    condition = Q()
    for rows in held:
        condition |= Q(pk__in=rows.values("document"))
    for own in single:
        condition |= Q(pk__in=own.values("file"))
    found = Document.objects.filter(condition, pk=document_id).first()
    if found is None:
        raise NotFound("没有这份文件。", remedy="它可能不在您的查看范围内。")
    return found
