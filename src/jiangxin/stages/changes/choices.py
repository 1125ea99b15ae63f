"""The kinds of change of a title."""

from django.db.models import TextChoices


class ChangeKind(TextChoices):
    """What is to be changed."""

    LEADER = "leader", "带头人变更"
    RENAMING = "renaming", "单位更名"
    MERGER = "merger", "建设单位变更（合并、划转）"
    CLOSURE = "closure", "单位撤销、解散"


# The fields that each kind asks for, in the order of its form; those marked are needed.
ASKED = {
    ChangeKind.LEADER: (
        "leader_name",
        "leader_id_number",
        "leader_level",
        "leader_grounds",
        "title_name",
    ),
    ChangeKind.RENAMING: ("unit_name", "title_name"),
    ChangeKind.MERGER: ("unit_name", "uscc", "title_name"),
    ChangeKind.CLOSURE: (),
}
