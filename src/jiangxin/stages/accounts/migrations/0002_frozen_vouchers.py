"""The database itself refuses to change or delete a voucher, and a reversal that is not its mirror."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION accounts_voucher_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a voucher is never changed'
        USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER accounts_voucher_frozen BEFORE UPDATE OR DELETE ON accounts_voucher
    FOR EACH ROW EXECUTE FUNCTION accounts_voucher_refuse();
CREATE FUNCTION accounts_voucher_mirror() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.reverses_id IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM accounts_voucher AS first
        WHERE first.id = NEW.reverses_id AND first.reverses_id IS NULL
          AND first.amount = -NEW.amount AND first.account_id = NEW.account_id
          AND first.source = NEW.source
    ) THEN
        RAISE EXCEPTION 'a reversing voucher mirrors the first one'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER accounts_voucher_mirrors BEFORE INSERT ON accounts_voucher
    FOR EACH ROW EXECUTE FUNCTION accounts_voucher_mirror();
"""
BACKWARD = """
DROP TRIGGER accounts_voucher_mirrors ON accounts_voucher;
DROP FUNCTION accounts_voucher_mirror();
DROP TRIGGER accounts_voucher_frozen ON accounts_voucher;
DROP FUNCTION accounts_voucher_refuse();
"""


class Migration(migrations.Migration):
    dependencies = (("accounts", "0001_initial"),)
    operations = (migrations.RunSQL(FORWARD, BACKWARD),)
