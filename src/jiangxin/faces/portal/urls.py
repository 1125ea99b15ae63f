"""Every public page."""

from . import home, notices, policy, register, verify

urlpatterns = [
    *home.urlpatterns,
    *notices.urlpatterns,
    *register.urlpatterns,
    *policy.urlpatterns,
    *verify.urlpatterns,
]
