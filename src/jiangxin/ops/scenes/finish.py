"""One province's publicity and filing, and what the two ministries do with it."""

from datetime import datetime, timedelta

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.regions import Province
from jiangxin.core.workflow import MINISTRIES, Role
from jiangxin.stages.filing import actions as filing
from jiangxin.stages.filing import registration
from jiangxin.stages.filing.models import Package, Registration
from jiangxin.stages.filing.queries import filed_projects
from jiangxin.stages.programme.models import Call
from jiangxin.stages.publicity import actions as publicity
from jiangxin.stages.publicity.models import Notice

from . import names
from .country import officer

LEGACY_REPORT = """本年度按计划对2011—2020年确定的国家级高技能人才培训基地和技能大师工作室分批开展考核评估。
考核采取单位自评、材料审核与现场核查相结合的方式，由人社、财政两部门共同组织。
考核结果已逐项反馈项目单位，问题整改情况纳入下一年度考核。"""
EXISTING_REPORT = """一、考核评估基本情况：对拟推荐的已建项目逐一考核，结论均为通过。
二、项目建成后的管理运行情况：机构、制度、经费落实，运行正常。
三、培训效能发挥情况：年度培训规模、合格率和满意度达到通知要求。
四、资金使用情况：专款专用，未发现挤占、挪用和截留。"""


def publicise(province: Province, call: Call, at: datetime, *, objection: bool) -> Notice:
    """Draft, agree, publish; with `objection` one comes in on the second day."""
    hr = officer(Role.PROVINCE_HR, province.code)
    finance = officer(Role.PROVINCE_FINANCE, province.code)
    with clock.at(at):
        notice = publicity.draft_notice(viewer=hr, call_id=call.pk)
        publicity.revise_notice(
            viewer=hr,
            notice_id=notice.pk,
            doc_number=f"{province.short}人社演示〔{call.year}〕2号",
            title=f"{notice.title}{names.MARK}",
        )
        notice.refresh_from_db()
        for viewer in (hr, finance):
            publicity.concur_notice(
                viewer=viewer, notice_id=notice.pk, digest=notice.digest(), agreed=True
            )
        notice = publicity.publish(viewer=hr, notice_id=notice.pk)
    if objection:
        with clock.at(at + timedelta(days=1, hours=3)):
            publicity.object_to(
                notice_id=notice.pk,
                application_id=notice.items[0]["application"],
                ground="false_material",
                text="该单位申报的实训工位数量与现场情况可能不一致，请核实。",
                name="陈演示",
                contact="000-00000000",
            )
    return notice


def settle(province: Province, notice: Notice) -> None:
    """Answer what was objected, and end the publicity the day after its last."""
    hr = officer(Role.PROVINCE_HR, province.code)
    over = clock.end_of(notice.ends_on or clock.today())
    for row in notice.objections.filter(outcome="open"):
        with clock.at(over - timedelta(hours=8)):
            publicity.answer(
                viewer=hr,
                objection_id=row.pk,
                upheld=False,
                text="经现场核查，实训工位数量与申报材料一致，异议不成立。",
            )
    with clock.at(over + timedelta(hours=9)):
        publicity.close(viewer=hr, notice_id=notice.pk)


def file(province: Province, call: Call, at: datetime) -> Package:
    """Write the reports, assemble, seal by both, file."""
    hr = officer(Role.PROVINCE_HR, province.code)
    finance = officer(Role.PROVINCE_FINANCE, province.code)
    with clock.at(at):
        package = filing.open_package(viewer=hr, call_id=call.pk)
        filing.write_reports(
            viewer=hr,
            package_id=package.pk,
            legacy_report=LEGACY_REPORT,
            existing_report=EXISTING_REPORT,
        )
        package = filing.assemble(viewer=hr, package_id=package.pk)
        for viewer in (hr, finance):
            filing.concur(viewer=viewer, package_id=package.pk, digest=package.digest, agreed=True)
        return filing.file(viewer=hr, package_id=package.pk)


def register(package: Package, at: datetime) -> None:
    """Each ministry receives, then registers every project."""
    for number, role in enumerate(MINISTRIES):
        ministry = officer(role)
        with clock.at(at + timedelta(days=number)):
            registration.receive(viewer=ministry, package_id=package.pk)
            for project in filed_projects(package):
                registration.register(
                    viewer=ministry,
                    package_id=package.pk,
                    application_id=project.pk,
                    outcome=Registration.Outcome.REGISTERED,
                )
