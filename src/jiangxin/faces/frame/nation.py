"""The pictures of the public register that the portal and the desk both show.

They are made of numbers that somebody has asked the stages for; here is no query. Every number
counts rows of the public register, so everybody may see every one of them.
"""

from collections import Counter
from collections.abc import Callable, Container, Iterable, Mapping
from typing import Any

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.regions import BY_CODE, PROVINCES
from jiangxin.stages.programme.queries import pack, parameter
from jiangxin.stages.programme.tracks import Kind, Track
from jiangxin.stages.titles.progress import Assessed, Course
from jiangxin.stages.titles.queries import LATEST

from .filters import query
from .pictures import Chart, Heading, Picture, Series, Tile, tiles

Counts = Mapping[tuple[str, str], int]  # (province, field or occupation) → titles
Table = Iterable[tuple[str, int, str, int]]  # province, year, track, titles

MEASURES = {
    "titles": "登记项目",
    "bases": "基地",
    "studios": "工作室",
    "assessed": "考核覆盖率",
    "overdue": "逾期未考核",
}
PROVINCE_PICTURES = ("titles", "fields", "occupations")
METHOD = (
    "推算方法：有登记的已过年度取年均数，其余年度逐年按年均数累加，当年已登记数更多的取已登记数；"
    "末年过后不再推算，只与目标对照。只计称号有效的项目。"
)
COLUMNS = (*(Heading(track.value, track.label) for track in Track), Heading("titles", "合计"))


def targets(courses: Iterable[Course]) -> Picture:
    """Registered against 400 and 500, year by year and cumulative, with the forecast (N01, N02)."""
    base, studio = courses
    rows = []
    for one, other in zip(base.steps, studio.steps, strict=True):
        rows.append(
            (
                f"{one.year} 年",
                *one.tracks.values(),
                one.total,
                one.expected,
                *other.tracks.values(),
                other.total,
                other.expected,
            )
        )
    return Picture(
        key="targets",
        title="对照目标",
        clause="1",
        as_of=clock.now(),
        note=METHOD,
        heads=(
            Heading("year", "年度", "text"),
            Heading("new_base", "新建基地"),
            Heading("existing_base", "已建基地"),
            Heading("bases_total", "基地累计"),
            Heading("bases_expected", "基地推算"),
            Heading("studio", "工作室"),
            Heading("studios_total", "工作室累计"),
            Heading("studios_expected", "工作室推算"),
        ),
        rows=rows,
        charts=[_course(each) for each in (base, studio)],
    )


def _course(course: Course) -> Chart:
    """The running sums of each track, what the forecast adds, and the target."""
    tracks = [track for track in Track if track.kind is course.kind]
    series = []
    for track in tracks:
        sums, so_far = [], 0
        for step in course.steps:
            so_far += step.tracks[track]
            sums.append(so_far)
        series.append(Series(track.label, sums))
    added = [None if step.expected is None else step.expected - step.total for step in course.steps]
    if any(each is not None for each in added):
        series.append(Series("推算", added, expected=True))
    return Chart(
        key=course.kind.value,
        title=f"{course.label}累计",
        unit="个",
        labels=[str(step.year) for step in course.steps],
        series=series,
        target=course.target,
    )


def measure_of(asked: str, measures: Mapping[str, str] = MEASURES) -> str:
    """The measure by which the map is coloured; the first one when nothing sensible is asked."""
    return asked if asked in measures else next(iter(measures))


def measure_links(chosen: str, measures: Mapping[str, str] = MEASURES) -> list[dict[str, Any]]:
    """A link for each measure of the map, the chosen one marked."""
    return [
        {
            "label": label,
            "url": query({"measure": key}) + "#picture-provinces",
            "active": key == chosen,
        }
        for key, label in measures.items()
    ]


def provinces(
    table: Table, assessed: Mapping[str, Assessed], measure: str, url: Callable[[str], str]
) -> Picture:
    """The 32 units as tiles, coloured by one measure, with all measures in the table."""
    counts: Counter[tuple[str, str]] = Counter()
    for code, _, track, count in table:
        counts[code, track] += count

    def row(name: str, code: str, own: Assessed) -> tuple[Any, ...]:
        tracks = [
            sum(n for (p, t), n in counts.items() if t == track and code in ("", p))
            for track in Track
        ]
        return (name, *tracks, sum(tracks), own.due, own.done, own.percent, overdue(own))

    nothing = Assessed()
    return Picture(
        key="provinces",
        title="按省份",
        as_of=clock.now(),
        note=f"基地、工作室只计称号有效的；考核覆盖率为 2011—2020 年项目中已考核的比例，应在 {_until()}前达到 100%。",
        clause="4.2" if measure in ("assessed", "overdue") else "1",
        heads=(
            Heading("province", "省份", "text"),
            *COLUMNS,
            Heading("due", "应考核"),
            Heading("assessed", "已考核"),
            Heading("percent", "覆盖率", "percent"),
            Heading("overdue", "逾期未考核"),
        ),
        rows=[row(each.name, each.code, assessed.get(each.code, nothing)) for each in PROVINCES],
        total=row("全国", "", sum(assessed.values(), nothing)),
        urls=[url(each.code) for each in PROVINCES],
        tiles=_tiles(counts, assessed, measure, url),
    )


def _until() -> str:
    day = parameter("legacy.coverage_by", LATEST)
    return f"{day.year} 年 {day.month} 月 {day.day} 日"


def overdue(own: Assessed) -> int:
    """What is still to be assessed after the day by which all had to be (N42)."""
    return own.open if clock.today() > parameter("legacy.coverage_by", LATEST) else 0


def _tiles(
    counts: Mapping[tuple[str, str], int],
    assessed: Mapping[str, Assessed],
    measure: str,
    url: Callable[[str], str],
) -> list[Tile]:
    judged = {each.code: assessed.get(each.code, Assessed()) for each in PROVINCES}
    if measure == "assessed":
        return tiles({code: own.percent for code, own in judged.items()}, url, sign="%", most=100)
    if measure == "overdue":
        return tiles({code: overdue(own) for code, own in judged.items()}, url)
    wanted = {
        "titles": list(Track),
        "bases": [track for track in Track if track.kind is Kind.BASE],
        "studios": [Track.STUDIO],
    }[measure]
    numbers: dict[str, int | None] = {
        each.code: sum(counts.get((each.code, track.value), 0) for track in wanted)
        for each in PROVINCES
    }
    return tiles(numbers, url)


def fields(counts: Counts, url: Callable[[str], str]) -> Picture:
    """Priority field × province, and the fields in which a province has no title (N04, N05)."""
    names = pack().priority_fields
    numbers = [
        [*(counts.get((each.code, key), 0) for key in names), _other(counts, each.code)]
        for each in PROVINCES
    ]
    rows = [
        (each.name, *own, "、".join(missing_fields(counts, each.code)) or "无")
        for each, own in zip(PROVINCES, numbers, strict=True)
    ]
    total = [sum(column) for column in zip(*numbers, strict=True)]
    return Picture(
        key="fields",
        title="重点领域 × 省份",
        clause="2.1",
        as_of=clock.now(),
        note="领域取自申报表；只计称号有效的项目。颜色越深，项目越多。",
        heads=(
            Heading("province", "省份", "text"),
            *(Heading(key, label, shade=True) for key, label in names.items()),
            Heading("other", "其他或未填"),
            Heading("missing", "尚无项目的领域", "text"),
        ),
        rows=rows,
        total=("全国", *total, "、".join(missing_fields(counts, "")) or "无"),
        urls=[url(each.code) for each in PROVINCES],
    )


def _other(counts: Counts, code: str) -> int:
    names = pack().priority_fields
    return sum(n for (province, key), n in counts.items() if province == code and key not in names)


def missing_fields(counts: Counts, code: str) -> list[str]:
    """The priority fields without a title in a province; in the nation for no code."""
    return _missing(counts, code, pack().priority_fields)


def occupation_names() -> dict[str, str]:
    """Code → name of every occupation that the pack knows."""
    return {code: each.name for code, each in pack().occupations.items()}


def missing_occupations(counts: Counts, code: str) -> list[str]:
    """The occupations of the pack without a title in a province; in the nation for no code."""
    return _missing(counts, code, occupation_names())


def filled(covered: Container[str], field: str, occupations: Iterable[str]) -> list[str]:
    """Which gaps a project of this field and these occupations would fill where those `covered`
    have a title already (N04, N05)."""
    names = pack().priority_fields | occupation_names()
    asked = (field, *sorted(occupations))
    return [names[key] for key in asked if key in names and key not in covered]


def _missing(counts: Counts, code: str, names: Mapping[str, str]) -> list[str]:
    found = {key for (province, key), n in counts.items() if n and code in ("", province)}
    return [label for key, label in names.items() if key not in found]


def occupations(counts: Counts) -> Picture:
    """Occupation × province; the most served occupations come first, those without a title last."""
    names = occupation_names() | {key: key for _, key in counts if key not in occupation_names()}
    cells = {key: [counts.get((each.code, key), 0) for each in PROVINCES] for key in names}
    rows = [
        (names[key], key, sum(own), own.count(0), *own)
        for key, own in sorted(cells.items(), key=lambda item: (-sum(item[1]), item[0]))
    ]
    return Picture(
        key="occupations",
        title="职业工种 × 省份",
        clause="1",
        as_of=clock.now(),
        note=f"职业取自登记项目的申报表，基地可有多个，工作室为带头人的职业；一个项目对每个职业计一次。{catalogue()}",
        heads=(
            Heading("name", "职业", "text"),
            Heading("code", "编码", "text"),
            Heading("titles", "合计"),
            Heading("without", "空白省份"),
            *(Heading(each.code, each.short, shade=True) for each in PROVINCES),
        ),
        rows=rows,
    )


def catalogue() -> str:
    """Which list of occupations the gaps are reckoned against."""
    return f"空白按本系统职业目录计（职业分类大典节选 {len(pack().occupations)} 个）。"


def of_province(code: str, table: Table, by_field: Counts, served: Counts) -> dict[str, Any]:
    """What `frame/_province.html` shows of one province; its `PROVINCE_PICTURES` are pictures."""
    return {
        "titles": _own_titles(code, table),
        "fields": _own("fields", "重点领域", code, by_field, pack().priority_fields),
        "occupations": _own("occupations", "职业工种", code, served, occupation_names()),
        "missing_fields": missing_fields(by_field, code),
        "missing_occupations": missing_occupations(served, code),
    }


def _own_titles(code: str, table: Table) -> Picture:
    """A province's titles by year and track."""
    counts = {(year, track): count for place, year, track, count in table if place == code}
    first, last = (parameter(f"programme.{end}_year", LATEST) for end in ("first", "last"))
    years = range(first, last + 1)
    rows = [[counts.get((year, track.value), 0) for track in Track] for year in years]
    total = [sum(column) for column in zip(*rows, strict=True)]
    return Picture(
        key="titles",
        title="登记项目",
        clause="1",
        as_of=clock.now(),
        note="按两部备案登记统计，只计称号有效的项目。",
        heads=(Heading("year", "年度", "text"), *COLUMNS),
        rows=[(f"{year} 年", *row, sum(row)) for year, row in zip(years, rows, strict=True)],
        total=("合计", *total, sum(total)),
        charts=[
            Chart(
                key="titles",
                title=f"{BY_CODE[code].name}各年登记项目",
                unit="个",
                labels=[str(year) for year in years],
                series=[
                    Series(track.label, [row[place] for row in rows])
                    for place, track in enumerate(Track)
                ],
            )
        ],
    )


def _own(key: str, title: str, code: str, counts: Counts, names: Mapping[str, str]) -> Picture:
    """What a province has in each field or occupation, beside the nation."""
    nation: Counter[str] = Counter()
    for (_, found), count in counts.items():
        nation[found] += count
    rows = [(label, counts.get((code, each), 0), nation[each]) for each, label in names.items()]
    rows.sort(key=lambda row: -row[1])
    return Picture(
        key=key,
        title=title,
        clause="1" if key == "occupations" else "2.1",
        as_of=clock.now(),
        note="只计称号有效的项目。" + (catalogue() if key == "occupations" else ""),
        heads=(
            Heading("name", title, "text"),
            Heading("province", BY_CODE[code].short),
            Heading("nation", "全国"),
        ),
        rows=rows,
    )


def assessment(code: str, assessed: Mapping[str, Assessed]) -> dict[str, Any] | None:
    """A province's assessment of its titles of 2011–2020 in words; None when it has none (N42)."""
    own = assessed.get(code)
    if own is None or not own.due:
        return None
    late = overdue(own) > 0
    left = f"，{'逾期' if late else '尚'}未考核 {own.open} 个" if own.open else "，已全部考核"
    return {"own": own, "until": _until(), "words": left}
