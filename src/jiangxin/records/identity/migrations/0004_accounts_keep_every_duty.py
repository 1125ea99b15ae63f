"""Accounts of units from before there were duties go on doing all that they did."""

from typing import Any

from django.db import migrations


def keep_all(apps: Any, _schema: Any) -> None:
    user = apps.get_model("identity", "User")
    user.objects.filter(role="applicant", duties=[]).update(duties=["fill", "check", "admin"])


class Migration(migrations.Migration):
    dependencies = [("identity", "0003_members_and_invitations")]

    operations = [migrations.RunPython(keep_all, migrations.RunPython.noop)]
