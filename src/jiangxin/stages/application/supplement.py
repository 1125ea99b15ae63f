"""补充材料期: after the close some evidence may still be added, where the province's rules name it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import IO

from django.db import transaction

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import Invalid, WrongState
from jiangxin.core.policy import Field
from jiangxin.core.workflow import Duty, ProjectState
from jiangxin.records.documents import actions as documents
from jiangxin.records.identity.viewer import Viewer
from jiangxin.records.ledger.actions import move
from jiangxin.stages.programme.queries import overlay_of_call

from .actions import keep_version, own
from .models import Application, Version
from .paper import content_digest, frozen_evidence
from .proving import bound_in_place
from .queries import form_of

MAY_SUPPLEMENT = (ProjectState.SUBMITTED, ProjectState.WITH_RECOMMENDER)


@dataclass(frozen=True)
class Supplied:
    """One further file and the field that it proves."""

    field: str
    name: str
    size: int
    content: IO[bytes]


def open_fields(project: Application) -> list[Field]:
    """The fields to which the unit may add evidence now, in the form's order; none outside the time."""
    try:
        _require_open(project)
    except WrongState:
        return []
    overlay = overlay_of_call(project.call)
    named = overlay.supplement.fields if overlay and overlay.supplement else ()
    return [field for _, field in form_of(project).fields() if field.key in named]


@transaction.atomic
def supplement(*, viewer: Viewer, application_id: int, files: Sequence[Supplied]) -> Version:
    """The unit's reviewer adds evidence to what was submitted; answers stay as they are.

    Effects, in order: the files are bound; state as before; event `project.supplemented`
    (`…_for_recommendation`) with the digest and the fields; a further version is frozen, the former
    ones stay. Raises `WrongState` outside the time that the province's rules give, `Invalid` without
    a file, for a field that they do not name, or for a refused file: then nothing is kept.
    """
    viewer.require_duty(Duty.CHECK)
    project = own(viewer, application_id)
    if not files:
        raise Invalid("请选择要补充的文件。", field="file")
    named = {field.key for field in open_fields(project)}
    asked = sorted({each.field for each in files})

    def fields_named() -> None:
        if not set(asked) <= named:
            raise Invalid("这一栏不在可以补充的材料之内。", clause="3.1", field="file")

    for each in files if set(asked) <= named else ():
        document = documents.store(
            name=each.name, size=each.size, content=each.content, owner_id=project.unit_id
        )
        bound_in_place(project, each.field, document, None)
    project.version += 1
    frozen = frozen_evidence(project)
    seal = content_digest(project, frozen)
    first = project.state == ProjectState.WITH_RECOMMENDER
    event = move(
        project,
        step="supplement_for_recommendation" if first else "supplement",
        by=viewer,
        guards={
            "supplement_open": lambda: _require_open(project),
            "fields_named": fields_named,
        },
        payload={"version": project.version, "digest": seal, "fields": asked},
        also=("version",),
    )
    return keep_version(project, frozen, seal, event)


def _require_open(project: Application) -> None:
    overlay = overlay_of_call(project.call)
    rule = overlay.supplement if overlay else None
    if rule is None:
        raise WrongState(
            "本省没有规定补充材料期。", remedy="需要修改的，请等待退回补正。", clause="3.1"
        )
    if project.state not in MAY_SUPPLEMENT:
        raise WrongState("当前状态不能补充材料。", clause="3.1")
    if clock.now() < project.call.closes_at:
        raise WrongState("申报还没有截止。", remedy="截止前可以撤回修改后再次提交。", clause="3.1")
    if clock.today() > rule.until:
        raise WrongState(
            f"补充材料期已于{clock.long_date(rule.until)}结束。",
            remedy=f"如有疑问请联系省级人社部门 {project.call.phone}。",
            clause="3.1",
        )
