"""The database itself refuses to change a signed sheet, and to delete any."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION acceptance_sheet_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a signed sheet is frozen, and no sheet is deleted'
        USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER acceptance_sheet_frozen BEFORE UPDATE ON acceptance_sheet
    FOR EACH ROW WHEN (OLD.state = 'signed') EXECUTE FUNCTION acceptance_sheet_refuse();
CREATE TRIGGER acceptance_sheet_kept BEFORE DELETE ON acceptance_sheet
    FOR EACH ROW EXECUTE FUNCTION acceptance_sheet_refuse();
"""
BACKWARD = """
DROP TRIGGER acceptance_sheet_kept ON acceptance_sheet;
DROP TRIGGER acceptance_sheet_frozen ON acceptance_sheet;
DROP FUNCTION acceptance_sheet_refuse();
"""


class Migration(migrations.Migration):
    dependencies = (("acceptance", "0001_initial"),)
    operations = (migrations.RunSQL(FORWARD, BACKWARD),)
