"""The database itself refuses to change or delete what was submitted."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION application_version_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a submitted version is frozen'
        USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER application_version_frozen BEFORE UPDATE OR DELETE ON application_version
    FOR EACH ROW EXECUTE FUNCTION application_version_refuse();
"""
BACKWARD = """
DROP TRIGGER application_version_frozen ON application_version;
DROP FUNCTION application_version_refuse();
"""


class Migration(migrations.Migration):
    dependencies = (("application", "0002_section_revisions"),)
    operations = (migrations.RunSQL(FORWARD, BACKWARD),)
