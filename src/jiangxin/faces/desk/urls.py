"""Every page of the desk: one module per stage, in the order of a project's life."""

from importlib import import_module

MODULES = (
    "home",
    "inbox",
    "projects",
    "programme",
    "recommendation",
    "recommenders",
    "examination",
    "experts_import",
    "experts",
    "loans",
    "draw",
    "discussion",
    "ranking",
    "minutes",
    "publicity",
    "filing",
    "titles",
    "funding",
    "accounts",
    "construction",
    "acceptance",
    "rectification",
    "assessment",
    "revocation",
    "changes",
    "experience",
    "ministry",
    "timeline",
)

urlpatterns = [
    pattern
    for name in MODULES
    for pattern in import_module(f"jiangxin.faces.desk.{name}").urlpatterns
]
