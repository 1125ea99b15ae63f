"""Every page of applicants and experts."""

from . import account, apply, evidence, expert, home, receipt

urlpatterns = [
    *home.urlpatterns,
    *account.urlpatterns,
    *apply.urlpatterns,
    *evidence.urlpatterns,
    *receipt.urlpatterns,
    *expert.urlpatterns,
]
