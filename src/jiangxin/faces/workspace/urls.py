"""Every page of applicants and experts."""

from . import account, apply, evidence, expert, home, receipt, section

urlpatterns = [
    *home.urlpatterns,
    *account.urlpatterns,
    *apply.urlpatterns,
    *section.urlpatterns,
    *evidence.urlpatterns,
    *receipt.urlpatterns,
    *expert.urlpatterns,
]
