"""Every page of applicants and experts."""

from . import account, apply, expert, home

urlpatterns = [
    *home.urlpatterns,
    *account.urlpatterns,
    *apply.urlpatterns,
    *expert.urlpatterns,
]
