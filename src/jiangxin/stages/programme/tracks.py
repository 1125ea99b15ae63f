"""The two kinds of project and the three ways into the programme."""

from jiangxin.core.kernel.labels import Labelled


class Kind(Labelled):
    """What a quota counts: bases of both tracks together, and studios (N28)."""

    BASE = "base", "高技能人才培训基地"
    STUDIO = "studio", "技能大师工作室"


class Track(Labelled):
    """Which conditions and which form apply."""

    NEW_BASE = "new_base", "新建基地"
    EXISTING_BASE = "existing_base", "已建基地"
    STUDIO = "studio", "技能大师工作室"

    @property
    def kind(self) -> Kind:
        return Kind.STUDIO if self is Track.STUDIO else Kind.BASE
