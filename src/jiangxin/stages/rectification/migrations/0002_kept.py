"""The database itself keeps what a unit submitted: only the re-check may be added to it."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION rectification_attempt_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a submission is frozen, and none is deleted'
        USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER rectification_attempt_frozen BEFORE UPDATE ON rectification_attempt
    FOR EACH ROW WHEN (
        (OLD.rectification_id, OLD.number, OLD.items, OLD.submitted_at, OLD.actor)
        IS DISTINCT FROM
        (NEW.rectification_id, NEW.number, NEW.items, NEW.submitted_at, NEW.actor)
    ) EXECUTE FUNCTION rectification_attempt_refuse();
CREATE TRIGGER rectification_attempt_kept BEFORE DELETE ON rectification_attempt
    FOR EACH ROW EXECUTE FUNCTION rectification_attempt_refuse();
"""
BACKWARD = """
DROP TRIGGER rectification_attempt_kept ON rectification_attempt;
DROP TRIGGER rectification_attempt_frozen ON rectification_attempt;
DROP FUNCTION rectification_attempt_refuse();
"""


class Migration(migrations.Migration):
    dependencies = (("rectification", "0001_initial"),)
    operations = (migrations.RunSQL(FORWARD, BACKWARD),)
