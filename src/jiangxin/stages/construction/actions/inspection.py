"""双随机: the ceremony that draws projects and, for each of them, its inspectors (N48).

The rules of the order stand in `core/draw/ceremony`, what a party gives in `review/actions/parties`.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from django.db import IntegrityError, transaction

from jiangxin.core.draw import record as records
from jiangxin.core.draw.ceremony import State
from jiangxin.core.draw.plan import SEED_BITS, plan_from
from jiangxin.core.draw.pool import Entry, freeze, leaves_root
from jiangxin.core.draw.record import VoidReason
from jiangxin.core.kernel import chance, clock
from jiangxin.core.kernel.errors import NotFound, WrongState
from jiangxin.core.workflow import DrawState, Role
from jiangxin.records.identity.viewer import Viewer
from jiangxin.records.inbox.actions import tell_person
from jiangxin.records.ledger.actions import append, move
from jiangxin.stages.construction.lots import lots_of, plan_of, require_sense, sealed
from jiangxin.stages.construction.models import (
    Inspection,
    Inspector,
    Lot,
    Share,
    Visit,
)
from jiangxin.stages.construction.queries.supervision import (
    PROJECTS,
    candidates,
    opened_lot,
    opened_projects,
    project_code,
    projects_drawn,
    walk_of,
)
from jiangxin.stages.review.actions import parties
from jiangxin.stages.review.queries.ceremony import (
    FIELD_OF,
    ceremony,
    expert_id,
)


@transaction.atomic
def open_inspection(
    *, viewer: Viewer, projects: int, seats: Mapping[str, int], visit_by: date
) -> Inspection:
    """Freeze what is drawn from, and wait for the commitments of 人社, 财政 and 监督.

    In the lot of projects: everything that is being built in the province. For each of them a lot
    of experts in the fields of `seats`, those barred from it excluded with their reason. Effects:
    the rows with fresh salts; event `draw.opened` with root and counts. Raises `Invalid` for
    numbers that make no sense, `WrongState` when an inspection is running, or experts are too few.
    """
    viewer.require(Role.PROVINCE_HR)
    found = candidates(viewer.province)
    wanted = {field: count for field, count in seats.items() if count}
    require_sense(found, projects, wanted, visit_by)
    year = clock.today().year
    number = Inspection.objects.filter(province=viewer.province, year=year).count() + 1
    name = f"{viewer.province}-{year}-visit-{number}"
    plan = plan_of(name, {PROJECTS: projects}, 0)
    entries = [
        Entry(
            expert=project_code(each.pk),
            field=PROJECTS,
            unit=each.title.unit_name,
            salt=chance.token(SEED_BITS // 8),
        )
        for each in found
    ]
    row = Inspection(
        province=viewer.province,
        year=year,
        number=number,
        plan=plan.to_json(),
        inspectors=wanted,
        pool_sealed=sealed(entries),
        leaves=list(freeze(entries, plan.algorithm)),
        visit_by=visit_by,
        opened_at=clock.now(),
    )
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:
        raise WrongState(
            "已有一场抽查正在进行。", remedy="请先完成或作废该场。", clause="4.3"
        ) from None
    lots = Lot.objects.bulk_create(lots_of(row, found, name, wanted))
    append(
        type="draw.opened",
        subject=row.subject,
        by=viewer,
        payload={
            "session": name,
            "root": leaves_root(row.leaves, plan.algorithm),
            "pool": len(row.leaves),
            "lots": len(lots),
        },
    )
    return row


@transaction.atomic
def commit(*, viewer: Viewer, inspection_id: int, commitment: str) -> Share:
    """The viewer's party promises a secret by its commitment; see `review.actions.draw.commit`."""
    share: Share = parties.commit(_locked(viewer, inspection_id), viewer, commitment)
    return share


def commit_for(*, viewer: Viewer, inspection_id: int) -> str:
    """For a browser without script: the secret is made here, returned once, and not kept."""
    row = _visible(viewer, inspection_id).first()
    if row is None:
        raise _unknown()
    secret, promise = parties.promise(row, viewer)
    commit(viewer=viewer, inspection_id=inspection_id, commitment=promise)
    return secret


@transaction.atomic
def close_commitments(*, viewer: Viewer, inspection_id: int) -> Inspection:
    """Seal every lot: nothing of them can change any more.

    Effects: the sealed records of the projects and of each project's inspectors; state revealing;
    event `draw.committed` with every seal. Raises `WrongState` while a commitment is missing.
    """
    row = _locked(viewer, inspection_id)
    made = ceremony(row)

    def all_committed() -> None:
        made.close("0" * 64)

    seals: dict[str, str] = {}
    if row.state == DrawState.COMMITTING:
        all_committed()
        row.record = records.sealed_record(
            plan=made.plan, leaves=row.leaves, commitments=made.commitments
        )
        row.sealed_at = clock.now()
        seals = _seal_lots(row, made.commitments)
    move(
        row,
        step="close_commitments",
        by=viewer,
        guards={"all_committed": all_committed},
        payload={"seal": (row.record or {}).get("seal", ""), "lots": seals},
        also=("record", "sealed_at"),
    )
    return row


@transaction.atomic
def reveal(*, viewer: Viewer, inspection_id: int, secret: str) -> Share | None:
    """The viewer's party opens its secret; see `review.actions.draw.reveal`."""
    row = _locked(viewer, inspection_id)
    share: Share | None = parties.reveal(row, viewer, secret)
    if share is None:
        own = [parties.party_of(viewer)]
        _void(row, viewer, VoidReason.SECRET_REUSED, parties.REUSED, own)
    return share


@transaction.atomic
def draw(*, viewer: Viewer, inspection_id: int) -> Inspection:
    """Walk the orders that the seeds give: first the projects, then the inspectors of each.

    Effects, in order: the opened record of the projects; a visit for each, planned, with its
    inspectors and their record without names; state drawn, event `draw.drawn` with the digests; a
    message to each inspector (none to the unit). Raises `WrongState` while a secret is missing.
    """
    row = _locked(viewer, inspection_id)
    made = ceremony(row)

    def all_revealed() -> None:
        if made.state is not State.READY:
            raise WrongState("各方的随机数还没有全部公开。", clause="4.3")

    payload: dict[str, Any] = {}
    if row.state == DrawState.REVEALING:
        all_revealed()
        chosen = projects_drawn(row)
        row.record = opened_projects(row)
        row.drawn_at = clock.now()
        payload = {
            "seed": row.record["opened"]["seed"],
            "digest": row.record["digest"],
            "lots": _plan_visits(row, chosen),
        }
    move(
        row,
        step="draw",
        by=viewer,
        guards={"all_revealed": all_revealed},
        payload=payload,
        also=("record", "drawn_at"),
    )
    return row


@transaction.atomic
def void(*, viewer: Viewer, inspection_id: int, reason: VoidReason, note: str) -> Inspection:
    """End a session without a result; who withheld a secret is named.

    Effects: the void record (when it had been sealed); state void; event `draw.voided`. Raises
    `Invalid` without a note, `WrongState` once all secrets are open.
    """
    viewer.require(Role.PROVINCE_HR)
    return _void(_locked(viewer, inspection_id), viewer, reason, note)


def _void(
    row: Inspection,
    viewer: Viewer,
    reason: VoidReason,
    note: str,
    at_fault: Iterable[str] = (),
) -> Inspection:
    """`at_fault`: a party whose secret was public before; then the reason is a fact of the system's."""
    made, at_fault = ceremony(row), tuple(at_fault)

    def reasons_given() -> None:
        if not at_fault:
            parties.require_void_reason(row, made, reason, note, short=False)

    row.void_reason, row.void_note = reason.value, note.strip()[:300]
    if row.record and row.state == DrawState.REVEALING:
        reasons_given()
        after = made.abandon(reason, at_fault)
        row.record = records.void_record(
            row.record, reason=reason, parties=after.at_fault, note=row.void_note
        )
    move(
        row,
        step="void",
        by=viewer,
        guards={"reasons_given": reasons_given},
        payload={"reason": reason.value, "digest": (row.record or {}).get("digest", "")},
        also=("record", "void_reason", "void_note"),
    )
    return row


def seat(visit: Visit, lot: Lot) -> list[Inspector]:
    """Give every empty place of a visit to the next in the walk; returns the new rows."""
    walked = walk_of(lot)
    taken = set(visit.inspectors.values_list("leaf", flat=True))
    held = set(visit.inspectors.filter(reason="").values_list("field", "place"))
    made = []
    for label, leaves in walked.outcome.seats.items():
        field = FIELD_OF[label]
        places = [n for n in range(1, lot.plan["seats"][label] + 1) if (field, n) not in held]
        newcomers = [leaf for leaf in leaves if leaf not in taken]
        made += [
            Inspector.objects.create(
                visit=visit,
                expert_id=expert_id(walked.codes[leaf]),
                field=field,
                place=place,
                leaf=leaf,
            )
            for place, leaf in zip(places, newcomers, strict=False)
        ]
    return made


def tell(visit: Visit, newcomers: Iterable[Inspector]) -> None:
    """Invite the inspectors who have an account."""
    for each in newcomers:
        if each.expert.user_id:
            tell_person(
                person_id=each.expert.user_id,
                title=f"您被随机抽取参加“{visit.construction.title.name}”的现场检查",
                text="请在检查前不要告知项目单位；不能参加或应回避的，请告知省级人社部门。",
                about=visit.subject,
                due=visit.due,
                key=f"{visit.subject}:inspector:{each.pk}",
            )


def _seal_lots(row: Inspection, commitments: Mapping[str, str]) -> dict[str, str]:
    """The sealed record of each lot; returns the seals by the project's name in the ledger."""
    lots = list(row.lots.select_related("construction"))
    seals = {}
    for lot in lots:
        record = records.sealed_record(
            plan=plan_from(lot.plan),
            leaves=lot.leaves,
            commitments=commitments,
            excluded=lot.excluded,
        )
        lot.record, seals[lot.construction.subject] = record, record["seal"]
    Lot.objects.bulk_update(lots, ["record"])
    return seals


def _plan_visits(row: Inspection, chosen: Iterable[int]) -> dict[str, str]:
    """The visits with their inspectors; returns the digests by the project's name in the ledger."""
    digests = {}
    for pk in chosen:
        lot = row.lots.select_related("inspection", "construction__title").get(construction=pk)
        visit = Visit.objects.create(
            inspection=row, construction=lot.construction, lot=lot, due=row.visit_by
        )
        tell(visit, seat(visit, lot))
        record = opened_lot(lot, named=False)
        lot.record, digests[lot.construction.subject] = record, record["digest"]
        lot.save(update_fields=["record"])
    return digests


def _visible(viewer: Viewer, inspection_id: int) -> Any:
    parties.party_of(viewer)
    return Inspection.objects.filter(pk=inspection_id, province=viewer.province)


def _locked(viewer: Viewer, inspection_id: int) -> Inspection:
    row = _visible(viewer, inspection_id).select_for_update().first()
    if row is None:
        raise _unknown()
    found: Inspection = row
    return found


def _unknown() -> NotFound:
    return NotFound("没有这场抽查。", remedy="它可能属于其他省份。")
