from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("application", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="application",
            name="section_revisions",
            field=models.JSONField(default=dict, verbose_name="各部分的修订号"),
        ),
    ]
