"""The database itself refuses to change a signed sheet, and to delete any."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION review_sheet_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a signed sheet is frozen, and no sheet is deleted'
        USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER review_sheet_frozen BEFORE UPDATE ON review_scoresheet
    FOR EACH ROW WHEN (OLD.state = 'signed') EXECUTE FUNCTION review_sheet_refuse();
CREATE TRIGGER review_sheet_kept BEFORE DELETE ON review_scoresheet
    FOR EACH ROW EXECUTE FUNCTION review_sheet_refuse();
"""
BACKWARD = """
DROP TRIGGER review_sheet_kept ON review_scoresheet;
DROP TRIGGER review_sheet_frozen ON review_scoresheet;
DROP FUNCTION review_sheet_refuse();
"""


class Migration(migrations.Migration):
    dependencies = (("review", "0001_initial"),)
    operations = (migrations.RunSQL(FORWARD, BACKWARD),)
