"""A filled form that an official would believe: made from the pack's own fields, so it follows the pack.

Numbers that decide something are set by name (`DECIDING`); everything else is chosen by kind.
"""

from datetime import date
from random import Random
from typing import Any

from jiangxin.core.kernel.money import FEN_PER_WAN
from jiangxin.core.policy import Field, Form, Pack

from . import names

WAN = FEN_PER_WAN
TEXTS = {
    "superior": "省属",
    "unit_former_names": "",
    "address": "示范区匠心路 1 号",
    "specialities": "数控加工、工业机器人应用、智能产线运维",
    "leader_post": "首席技师",
    "leader_certificate": "Z-2016-0427",
    "evaluation_body": "省级职业技能等级认定机构",
    "legacy_title": "国家级高技能人才培训基地",
    "legacy_document": "人社厅函〔2014〕示例号",
    "survey_method": "抽样问卷，现场回收",
}
LONG = {
    "unit_introduction": "单位面向区域主导产业开展技能人才培养，设有实训中心和技能等级认定站点，近三年培训规模稳步增长。",
    "capacity_basis": "按实训工位 480 个、每工位年均周转 12 期、每期 2 周测算，并扣除在校生教学占用。",
    "plan_goal": "两年建成服务区域产业的综合型高技能人才培养培训载体，年培训高技能人才一千人次以上。",
    "leader_reason": "从业二十六年，主持技术革新十余项，所带徒弟多人获得高级工以上等级，在行业内有较高声誉。",
    "gaps": "区域急需数控加工、工业机器人操作、养老护理等职业（工种）高技能人才，年缺口约一千五百人。",
}
WORDS = {
    "task": (
        "完成实训设备采购与安装",
        "开发课程与培训包",
        "组建双师型教学团队",
        "开展首批高技能人才培训",
    ),
    "indicator": ("年培训人次", "高技能人才人次", "课程开发数", "学员满意度"),
    "item": ("实训设备", "实训环境改造", "聘用指导教师", "课程开发", "技能交流活动"),
    "topic": ("新工艺应用培训", "疑难工艺研修", "关键工序攻关", "行业技能交流"),
    "content": ("联合制定培养方案并互派师资", "共建实训车间"),
    "conditions": ("设备齐全，按生产流程布置，符合职业标准要求",),
    "effect": ("应用后单件工时下降两成",),
    "name": ("省级技能大师", "五一劳动奖章", "工艺优化项目", "一体化课程"),
    "body": ("省总工会",),
    "title": ("高级讲师",),
    "subject": ("数控加工技术",),
    "duty": ("带徒与攻关",),
    "owner": ("教务处",),
    "contest": ("省级职业技能大赛数控车项目",),
    "standard": ("国家职业技能标准（2021年版）",),
    "serves": ("车工、铣工",),
    "proof": ("2021-0318",),
    "basis": ("按市场询价测算",),
    "note": ("已列入预算",),
    "target": ("1200",),
    "baseline": ("860",),
    "unit": ("人次",),
    "publisher": ("本单位",),
}


def answers(pack: Pack, form: Form, rng: Random, **given: Any) -> dict[str, Any]:
    """Answers of a whole form, complete and consistent; `given` sets fields by key."""
    return {
        each.key: value
        for _, each in form.fields()
        if each.computed is None
        and (value := given.get(each.key, answer(pack, each, rng, form.track))) is not None
    }


def answer(pack: Pack, field: Field, rng: Random, track: str) -> Any:
    """One believable answer to one question; None for a question left open."""
    decided = deciding(track, rng).get(field.key)
    if decided is not None:
        return decided
    if field.kind == "table":
        return table(pack, field, rng, studio=track == "studio")
    return single(pack, field, rng)


QUARTERS = ("2025-12-31", "2026-06-30", "2026-12-31", "2027-09-30")


def _planned(key: str, number: int, *, studio: bool) -> dict[str, Any]:
    """What row `number` of a table must agree on with the others; nothing for most tables."""
    agreed: dict[str, dict[str, Any]] = {
        "milestones": {"due": QUARTERS[number % 4], "amount": (2 if studio else 60) * WAN},
        "performance_goals": {"subgroup": ("quantity", "social", "served")[number % 3]},
        "training_levels": {
            "level": ("intermediate", "senior", "technician")[number % 3],
            "trained": 1800 - 500 * number,
            "certified": 1500 - 500 * number,
        },
        "occupations": {"lowest_level": "intermediate", "trained": 900, "certified": 600},
    }
    return agreed.get(key, {})


def single(pack: Pack, field: Field, rng: Random) -> Any:
    """By kind alone."""
    simple = {
        "attest": True,
        "yesno": True,
        "date": "2025-06-01",
        "year": rng.randint(2022, 2024),
        "quarter": "2026-03-31",
        "integer": rng.randint(max(field.minimum or 0, 12), 60),
        "money": rng.randint(20, 90) * WAN,
        "email": "demo@example.org",
        "level": "senior_technician",
    }
    if field.kind in simple:
        return simple[field.kind]
    if field.kind == "occupation":
        return rng.choice(list(pack.occupations))
    if field.kind == "choice":
        return rng.choice(field.options).value
    if field.kind == "multichoice":
        return [option.value for option in field.options]
    if field.kind == "phone":
        return names.mobile(rng)
    if field.kind == "longtext":
        return LONG.get(field.key, f"{field.label}：已按通知要求落实，有制度、有台账、有专人负责。")
    if field.kind == "text":
        words = WORDS.get(field.key)
        return TEXTS.get(field.key, rng.choice(words) if words else names.person(rng))
    return None


def table(pack: Pack, field: Field, rng: Random, *, studio: bool) -> list[dict[str, Any]]:
    """Rows: one per option of a first choice (so that sets are covered), else a few."""
    choice = next((column for column in field.columns if column.kind == "choice"), None)
    codes = rng.sample(list(pack.occupations), 8)
    rows = []
    least = len(choice.options) if choice else 6 if field.key == "occupations" else 3
    for number in range(max(field.min_rows, least)):
        row = {column.key: single(pack, column, rng) for column in field.columns}
        row |= _planned(field.key, number, studio=studio)
        for column in field.columns:
            if column.kind == "occupation":
                row[column.key] = codes[number % len(codes)]
        if choice:
            row[choice.key] = choice.options[number % len(choice.options)].value
        rows.append({key: value for key, value in row.items() if value is not None})
    return rows[: field.max_rows or len(rows)]


def deciding(track: str, rng: Random) -> dict[str, Any]:
    """The figures on which a condition or a cross-field rule rests."""
    scale = 3600 if track == "existing_base" else 2400
    studio = track == "studio"
    amounts = (12, 8) if studio else (260, 140)
    return {
        "no_penalty": True,
        "penalties": [],
        "is_national_leader": False,
        "leader_front_line": True,
        "leader_route": "level_route",
        "craft_statement": False,
        "capacity": scale + rng.randrange(0, 9) * 100,
        "training": [_training_row(year, scale, rng) for year in (2022, 2023, 2024)],
        "staff": 420,
        "high_skilled_staff": 168,
        "equipment_value": 2600 * WAN,
        "studio_equipment_value": 380 * WAN,
        "teachers_full_time": 86,
        "teachers_dual": 52,
        "leader_birth": "1974-05-12",
        "leader_retires": "2034-05-12",
        "plan_start": date(2025, 11, 1).isoformat(),
        "plan_end": date(2027, 10, 31).isoformat(),
        "legacy_year": 2014,
        "assessment_date": "2024-11-20",
        "budget": _budget(studio, amounts),
        "sources": [
            {"source": "own", "amount": amounts[0] * WAN, "note": "自筹，已列入预算"},
            {"source": "local", "amount": amounts[1] * WAN, "note": "地方配套"},
        ],
    }


def _training_row(year: int, scale: int, rng: Random) -> dict[str, int]:
    trained = scale + (year - 2022) * 200 + rng.randrange(0, 9) * 20
    return {
        "year": year,
        "trained": trained,
        "high_skilled": trained * 2 // 5,
        "subsidised": trained // 2,
        "apprentices": trained // 10,
        "examined": trained * 9 // 10,
        "passed": trained * 9 // 10 * 95 // 100,
        "asked_enterprises": 120,
        "satisfied_enterprises": 116,
        "asked_workers": 800,
        "satisfied_workers": 764,
    }


def _budget(studio: bool, amounts: tuple[int, int]) -> list[dict[str, Any]]:
    uses = ("studio_equipment", "studio_exchange") if studio else ("base_equipment", "base_courses")
    return [
        {"use": use, "item": item, "amount": amount * WAN, "basis": "按市场询价测算"}
        for use, item, amount in zip(uses, ("设备购置", "课程与交流"), amounts, strict=True)
    ]
