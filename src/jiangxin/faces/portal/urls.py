"""Every public page: one module per topic."""

from importlib import import_module

MODULES = (
    "home",
    "calls",
    "notices",
    "objections",
    "draws",
    "experts",
    "register",
    "revocations",
    "experience",
    "nation",
    "province",
    "policy",
    "verify",
    "paper",
    "guide",
    "help",
    "join",
)

urlpatterns = [
    pattern
    for name in MODULES
    for pattern in import_module(f"jiangxin.faces.portal.{name}").urlpatterns
]
