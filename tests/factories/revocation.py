"""A case of revocation, taken as far as a test needs it, by the real actions."""

from datetime import timedelta

from jiangxin.core.kernel import clock
from jiangxin.records.identity.viewer import Viewer
from jiangxin.stages.revocation.actions import decision, hearing, proposal
from jiangxin.stages.revocation.choices import Act
from jiangxin.stages.revocation.models import Revocation
from jiangxin.stages.titles.models import Title
from tests.factories.titled import Place, picture

# A Monday; no holiday is entered in the calendar, so five working days end on the next Monday.
START = clock.beijing(2026, 11, 2, 9)
TERM_OVER = clock.beijing(2026, 11, 10)
FACTS = "整改期满，实训工位仍不足，连续两年没有开展带徒活动。"
RULING = decision.Ruling("经研究，决定取消该单位国家级技能大师工作室称号。", "人社函〔2026〕9号")


def proposed(place: Place, title: Title, cause: str = "stopped") -> Revocation:
    with clock.at(START):
        return proposal.propose(
            viewer=place.hr, title_id=title.pk, cause=cause, facts=FACTS, uploads=[picture()]
        )


def agree(place: Place, case: Revocation, act: Act) -> Revocation:
    """Both departments agree to the content as it stands."""
    case.refresh_from_db()
    for viewer in place.both:
        proposal.concur(
            viewer=viewer,
            case_id=case.pk,
            act=act,
            digest=proposal.digest_of(case, act),
            agreed=True,
        )
    return case


def noticed(place: Place, title: Title, cause: str = "stopped") -> Revocation:
    case = proposed(place, title, cause)
    with clock.at(START):
        agree(place, case, Act.NOTIFY)
        return proposal.notify(viewer=place.hr, case_id=case.pk)


def served(place: Place, title: Title, unit: Viewer | None = None) -> Revocation:
    """Told and served on the same day, by the unit itself when it has an account."""
    case = noticed(place, title)
    with clock.at(START + timedelta(hours=1)):
        if unit:
            return hearing.sign_receipt(viewer=unit, case_id=case.pk)
        return hearing.record_service(
            viewer=place.hr, case_id=case.pk, on=START.date(), how="邮寄送达"
        )


def heard(place: Place, title: Title, unit: Viewer | None = None) -> Revocation:
    """The term passed in silence."""
    case = served(place, title, unit)
    with clock.at(TERM_OVER):
        return hearing.close_hearing(viewer=place.hr, case_id=case.pk)


def drafted(
    place: Place, title: Title, unit: Viewer | None = None, ruling: decision.Ruling = RULING
) -> Revocation:
    case = heard(place, title, unit)
    with clock.at(TERM_OVER):
        return decision.draft_decision(viewer=place.hr, case_id=case.pk, ruling=ruling)


def decided(
    place: Place, title: Title, unit: Viewer | None = None, ruling: decision.Ruling = RULING
) -> Revocation:
    case = drafted(place, title, unit, ruling)
    with clock.at(TERM_OVER):
        agree(place, case, Act.DECIDE)
        return decision.decide(viewer=place.hr, case_id=case.pk)


def published(
    place: Place, title: Title, unit: Viewer | None = None, ruling: decision.Ruling = RULING
) -> Revocation:
    case = decided(place, title, unit, ruling)
    with clock.at(TERM_OVER):
        return decision.publish(viewer=place.hr, case_id=case.pk)
