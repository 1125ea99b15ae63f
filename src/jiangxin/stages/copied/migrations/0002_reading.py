"""The word scan belongs to the sealed copy on paper; what the worker has done here is a reading."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = (("copied", "0001_passages_and_pairs"),)
    operations = (
        migrations.RenameModel("Scan", "Reading"),
        migrations.AlterField(
            model_name="reading",
            name="application",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="reading",
                to="application.application",
            ),
        ),
    )
