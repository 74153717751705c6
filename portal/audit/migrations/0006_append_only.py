"""The database itself refuses to change or remove an audit event.

A later migration that makes SQLite build the table anew drops its triggers: it has to run this again
(tests/audit/test_append_only.py fails otherwise).
"""

from django.db import migrations

POSTGRESQL = (
    """
    CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      RAISE EXCEPTION 'The audit trail is append-only: % is refused.', TG_OP USING ERRCODE = 'insufficient_privilege';
    END $$
    """,
    """
    CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_auditevent
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()
    """,
)
POSTGRESQL_BACK = (
    "DROP TRIGGER audit_append_only ON audit_auditevent",
    "DROP FUNCTION audit_refuse()",
)
REFUSE = "SELECT RAISE(ABORT, 'The audit trail is append-only: {} is refused.');"
SQLITE = (
    f"CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit_auditevent BEGIN {REFUSE.format('UPDATE')} END",
    f"CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit_auditevent BEGIN {REFUSE.format('DELETE')} END",
    # INSERT OR REPLACE takes a row's place without a DELETE
    f"""
    CREATE TRIGGER audit_no_replace BEFORE INSERT ON audit_auditevent
    WHEN EXISTS (SELECT 1 FROM audit_auditevent WHERE id = NEW.id)
      OR EXISTS (SELECT 1 FROM audit_auditevent WHERE lane = NEW.lane AND sequence = NEW.sequence)
    BEGIN {REFUSE.format('REPLACE')} END
    """,
)
SQLITE_BACK = tuple(f"DROP TRIGGER audit_no_{what}" for what in ("update", "delete", "replace"))


def run(postgresql, sqlite):
    def execute(apps, schema_editor):
        for statement in postgresql if schema_editor.connection.vendor == "postgresql" else sqlite:
            schema_editor.execute(statement, params=None)

    return execute


class Migration(migrations.Migration):

    dependencies = [
        ('audit', '0005_lanes_required'),
    ]

    operations = [
        migrations.RunPython(run(POSTGRESQL, SQLITE), run(POSTGRESQL_BACK, SQLITE_BACK)),
    ]
