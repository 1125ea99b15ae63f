"""What applications most often lack, by clause and by section, for each track; with downloads."""

from django.http import HttpResponse
from django.urls import path, reverse

from jiangxin.core.kernel import clock
from jiangxin.faces.frame.filters import clause_label, query
from jiangxin.faces.frame.pages import Request, page
from jiangxin.faces.frame.pictures import Heading, Picture, answer
from jiangxin.records.identity.viewer import Viewer
from jiangxin.stages.examination.figures import clause_figures, section_figures
from jiangxin.stages.programme.queries import pack
from jiangxin.stages.programme.tracks import Track

from .navigation import PROVINCE_DESK, desk_of, desk_page

TRACKS = dict(Track.choices())


@page(roles=PROVINCE_DESK)
def figures(request: Request) -> HttpResponse:
    """Two tables of the chosen year in the viewer's scope. Three queries beside the desk's own."""
    year = desk_of(request).year
    drawn = [by_clause(request.viewer, year), by_section(request.viewer, year)]
    return answer(request, drawn) or desk_page(
        request,
        "desk/examination/figures.html",
        {"clauses": drawn[0], "sections": drawn[1], "year": year},
    )


def by_clause(viewer: Viewer, year: int) -> Picture:
    """Conditions, the one most often short first; each leads to the queue of what is short of it now."""
    found = clause_figures(viewer, year)
    norms = pack().norms
    return Picture(
        key="clauses",
        title=f"{year}年资格条件缺项统计",
        as_of=clock.now(),
        clause="3.1",
        note="按首次提交的内容计算；“审查不符合”为审查人在任一次提交上的判定。需评判的条款不计入“无法计算”。",
        heads=(
            Heading("track", "类型", "text"),
            Heading("clause", "条款", "text"),
            Heading("title", "条件", "text"),
            Heading("applications", "申报数"),
            Heading("computed", "计算不符合", shade=True),
            Heading("missing", "无法计算", shade=True),
            Heading("refused", "审查不符合", shade=True),
        ),
        rows=[
            (
                TRACKS[each.track],
                clause_label(each.clause),
                f"{norms[each.norm].title}（{each.norm}）" if each.norm in norms else each.norm,
                each.applications,
                each.computed,
                each.missing,
                each.refused,
            )
            for each in found
        ],
        leads={
            "refused": [_queue(f"条款:{each.norm}=不符合", each.track) for each in found],
        },
    )


def by_section(viewer: Viewer, year: int) -> Picture:
    """Sections and fields that were sent back."""
    found = section_figures(viewer, year)
    forms = pack().forms

    def names(track: str, section: str, field: str) -> tuple[str, str]:
        form = forms.get(track)
        part = form.section(section) if form else None
        column = part.field(field) if part and field else None
        return (part.title if part else section), (
            column.label if column else field or "（整个部分）"
        )

    return Picture(
        key="sections",
        title=f"{year}年退回补正统计",
        as_of=clock.now(),
        clause="3.1",
        note="每一处退回计一次。",
        heads=(
            Heading("track", "类型", "text"),
            Heading("section", "部分", "text"),
            Heading("field", "栏目", "text"),
            Heading("items", "退回处数", shade=True),
            Heading("applications", "涉及申报数"),
        ),
        rows=[
            (
                TRACKS[each.track],
                *names(each.track, each.section, each.field),
                each.items,
                each.applications,
            )
            for each in found
        ],
    )


def _queue(search: str, track: str) -> str:
    return reverse("desk-examination") + query({"q": f"{search} 类型:{TRACKS[track]}"})


urlpatterns = [path("examination/figures/", figures, name="desk-examination-figures")]
