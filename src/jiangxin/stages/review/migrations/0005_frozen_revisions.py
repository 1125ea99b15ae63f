"""The database itself refuses to change or delete a signed revision or a dissent."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION review_signed_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'what an expert has signed is neither changed nor deleted'
        USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER review_revision_frozen BEFORE UPDATE OR DELETE ON review_revision
    FOR EACH ROW EXECUTE FUNCTION review_signed_refuse();
CREATE TRIGGER review_dissent_frozen BEFORE UPDATE OR DELETE ON review_dissent
    FOR EACH ROW EXECUTE FUNCTION review_signed_refuse();
"""
BACKWARD = """
DROP TRIGGER review_dissent_frozen ON review_dissent;
DROP TRIGGER review_revision_frozen ON review_revision;
DROP FUNCTION review_signed_refuse();
"""


class Migration(migrations.Migration):
    dependencies = (("review", "0004_phases_revisions_dissent"),)
    operations = (migrations.RunSQL(FORWARD, BACKWARD),)
