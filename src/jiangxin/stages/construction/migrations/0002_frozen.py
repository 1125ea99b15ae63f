"""The database itself keeps what was promised, reported or found."""

from django.db import migrations

FROZEN = ("goal", "milestone", "reading", "remark", "findingfile")  # neither changed nor deleted
KEPT = ("construction", "finding", "activity", "visit", "visitfile")  # never deleted
LINES = ("milestoneline", "goalline", "reportfile")  # as frozen as their report

FUNCTIONS = """
CREATE FUNCTION construction_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is kept as it is', TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE FUNCTION construction_line_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE line record;
BEGIN
    IF TG_OP = 'DELETE' THEN line := OLD; ELSE line := NEW; END IF;
    IF EXISTS (SELECT 1 FROM construction_report
               WHERE id = line.report_id AND submitted_at IS NOT NULL) THEN
        RAISE EXCEPTION 'a submitted report is frozen'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN line;
END $$;
CREATE TRIGGER construction_report_frozen BEFORE UPDATE OR DELETE ON construction_report
    FOR EACH ROW WHEN (OLD.submitted_at IS NOT NULL) EXECUTE FUNCTION construction_refuse();
"""


def _trigger(table: str, operations: str, function: str) -> str:
    return (
        f"CREATE TRIGGER construction_{table}_kept BEFORE {operations} ON construction_{table}"
        f" FOR EACH ROW EXECUTE FUNCTION {function}();"
    )


FORWARD = FUNCTIONS + "\n".join(
    [
        *(_trigger(each, "UPDATE OR DELETE", "construction_refuse") for each in FROZEN),
        *(_trigger(each, "DELETE", "construction_refuse") for each in KEPT),
        *(
            _trigger(each, "INSERT OR UPDATE OR DELETE", "construction_line_refuse")
            for each in LINES
        ),
    ]
)
BACKWARD = "\n".join(
    [
        *(
            f"DROP TRIGGER construction_{each}_kept ON construction_{each};"
            for each in (*FROZEN, *KEPT, *LINES)
        ),
        "DROP TRIGGER construction_report_frozen ON construction_report;",
        "DROP FUNCTION construction_line_refuse();",
        "DROP FUNCTION construction_refuse();",
    ]
)


class Migration(migrations.Migration):
    dependencies = (("construction", "0001_initial"),)
    operations = (migrations.RunSQL(FORWARD, BACKWARD),)
