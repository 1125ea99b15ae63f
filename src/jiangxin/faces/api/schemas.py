"""The shapes that the API answers with. Moments are ISO 8601 in Beijing time, codes come with labels."""

from datetime import date, datetime
from typing import Annotated, Any, Generic, TypeVar

from ninja import Schema
from pydantic import Field

Item = TypeVar("Item")
PageNumber = Annotated[int, Field(ge=1, le=100_000, description="页码，从 1 起")]
PageSize = Annotated[int, Field(ge=1, le=200, description="每页条数，最多 200")]


class Page(Schema, Generic[Item]):
    """One page of a list: how many there are in all, and these."""

    total: int
    page: int
    size: int
    items: list[Item]


class Problem(Schema):
    """A refusal: what, what to do, which clause, which parameter."""

    message: str
    remedy: str
    clause: str
    field: str


class Title(Schema):
    """One entry of the public register."""

    number: str
    kind: str
    track: str
    province: str
    province_name: str
    year: int
    name: str
    unit_name: str
    uscc: str
    leader_name: str
    priority_field: str
    state: str
    assessment: str
    assessed_year: int | None
    registered_at: datetime | None


class Call(Schema):
    """A published call."""

    id: int
    province: str
    province_name: str
    year: int
    title: str
    doc_number: str
    opens_at: datetime
    closes_at: datetime
    overlay: str
    publicity_days: int
    panel_size: int
    correction_days: int
    phone: str
    text: str


class NoticeItem(Schema):
    """One project on a published notice."""

    number: str
    kind: str
    track: str
    title: str
    unit: str
    leader: str


class Notice(Schema):
    """A published notice; `digest` is what both departments agreed to."""

    id: int
    province: str
    province_name: str
    year: int
    title: str
    doc_number: str
    state: str
    published_at: datetime | None
    starts_on: date | None
    ends_on: date | None
    digest: str


class NoticeWithList(Notice):
    """A notice with its text and its list exactly as published."""

    text: str
    contact: str
    items: list[NoticeItem]


class Norm(Schema):
    """One norm of the policy in force and where the product has it."""

    id: str
    clause: str
    kind: str
    title: str
    how: str


class Clause(Schema):
    """A clause of the notice, verbatim."""

    id: str
    title: str
    text: str


class Parameter(Schema):
    """A number or word of the law with its clause and its dates."""

    name: str
    title: str
    value: Any
    unit: str
    clause: str
    since: date
    until: date | None
    assumption: str


class Policy(Schema):
    """The policy pack in force."""

    code: str
    title: str
    issued_by: list[str]
    issued_on: date


class Project(Schema):
    """One project as the viewer may see it."""

    id: int
    number: str
    title: str
    unit_name: str
    province: str
    year: int
    kind: str
    track: str
    state: str
    state_label: str
    version: int
    submitted_at: datetime | None
    correction_due: date | None


class Finding(Schema):
    """One condition on the submitted version: verdict, reason, what would change it."""

    norm: str
    clause: str
    title: str
    verdict: str
    because: str
    would_change: str
    source: str


class ProjectWithFindings(Project):
    """A project with the findings on what was submitted; none before the first submission."""

    findings: list[Finding]
