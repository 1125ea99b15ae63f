"""The database itself refuses to change what was paid, and the lines of an approved plan."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION funding_payment_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a payment is corrected by a reversal, never changed'
        USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER funding_payment_frozen BEFORE UPDATE OR DELETE ON funding_payment
    FOR EACH ROW EXECUTE FUNCTION funding_payment_refuse();
CREATE TRIGGER funding_arrival_frozen BEFORE UPDATE OR DELETE ON funding_arrival
    FOR EACH ROW EXECUTE FUNCTION funding_payment_refuse();

CREATE FUNCTION funding_planline_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM funding_plan WHERE state = 'approved'
               AND id IN (OLD.plan_id, NEW.plan_id)) THEN
        RAISE EXCEPTION 'an approved plan is frozen'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN COALESCE(NEW, OLD);
END $$;
CREATE TRIGGER funding_planline_frozen BEFORE INSERT OR UPDATE OR DELETE ON funding_planline
    FOR EACH ROW EXECUTE FUNCTION funding_planline_refuse();
"""
BACKWARD = """
DROP TRIGGER funding_planline_frozen ON funding_planline;
DROP FUNCTION funding_planline_refuse();
DROP TRIGGER funding_arrival_frozen ON funding_arrival;
DROP TRIGGER funding_payment_frozen ON funding_payment;
DROP FUNCTION funding_payment_refuse();
"""


class Migration(migrations.Migration):
    dependencies = (("funding", "0001_initial"),)
    operations = (migrations.RunSQL(FORWARD, BACKWARD),)
