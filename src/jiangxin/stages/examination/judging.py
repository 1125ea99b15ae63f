"""What an examiner may say about a clause: figures are corrected by a return, not by a word."""

from jiangxin.core.kernel.errors import Invalid
from jiangxin.core.policy import Finding
from jiangxin.core.policy import Verdict as Kleene
from jiangxin.stages.application.models import Application, Version

from .models import Verdict
from .queries import judged, submitted_facts


def require_judgement(
    project: Application,
    version: Version,
    said: dict[str, Verdict],
    norm: str,
    word: str,
    reason: str,
) -> None:
    """Raises `Invalid` for a word that may not be said on this norm; `said` are the others' verdicts."""
    if word not in Verdict.Word.values:
        raise Invalid("请选择“符合”或“不符合”。", field="word")
    if word == Verdict.Word.NOT_MET and not reason:
        raise Invalid("判定“不符合”须写明理由。", clause="3.1", field="reason")
    spoken = {each: (row.word, row.reason) for each, row in said.items()}
    after = judged(
        project, version, submitted_facts(project, version), {**spoken, norm: (word, reason)}
    )
    own = [finding for finding in after if finding.norm == norm]
    if not own:
        raise Invalid(f"{norm} 不是这一类项目的资格条件。")
    against = next((finding for finding in own if finding.verdict is not Kleene.MET), None)
    if word == Verdict.Word.MET and against is not None:
        raise Invalid(
            f"申报内容不支持“符合”：{against.because}",
            remedy=f"{against.would_change}申报内容有误或不全的，请退回补正。",
            clause=against.clause,
            field="word",
        )


def stands(project: Application, version: Version, norm: str, row: Verdict) -> bool:
    """Whether a former verdict may be repeated as it is (the day or the register may have moved)."""
    try:
        require_judgement(project, version, {}, norm, row.word, row.reason)
    except Invalid:
        return False
    return True


def is_clear(finding: Finding) -> bool:
    """Whether the rules alone say 符合 and nothing is left to a person."""
    return finding.verdict is Kleene.MET and not finding.judgement
