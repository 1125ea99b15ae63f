"""Every page of applicants and experts."""

from importlib import import_module

from . import titles

MODULES = (
    "home",
    "inbox",
    "account",
    "members",
    "apply",
    "approval",
    "taking_back",
    "paper",
    "workbook",
    "scan",
    "section",
    "evidence",
    "uploading",
    "reuse",
    "receipt",
    "expert",
    "expert_panel",
    "expert_profile",
    "acceptance_panel",
    "titles",
    *titles.MODULES,
    "timeline",
)

urlpatterns = [
    pattern
    for name in MODULES
    for pattern in import_module(f"jiangxin.faces.workspace.{name}").urlpatterns
]
