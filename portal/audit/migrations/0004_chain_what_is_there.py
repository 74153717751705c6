"""Events of before become lane 0: those that the old chain had, in its order, then the rest by time.

Digests stay as they are: what was altered before is not made good by this. On the way back the events are left
without links, and the linker of then writes them anew.
"""

import hashlib
from itertools import islice

from django.db import migrations
from django.db.models import F

GENESIS = "sha256:" + "0" * 64
BATCH = 2000
UPDATE = "UPDATE audit_auditevent SET lane = 0, sequence = %s, previous_hash = %s, hash = %s WHERE id = %s"


def link_hash(sequence, previous, digest):
    text = f'{{"digest":"{digest}","lane":0,"previous":"{previous}","sequence":{sequence}}}'
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def chain(apps, schema_editor):
    Event = apps.get_model("audit", "AuditEvent")
    connection = schema_editor.connection
    key = Event._meta.pk
    order = (F("link__sequence").asc(nulls_last=True), "at", "id")
    rows = Event.objects.using(connection.alias).order_by(*order).values_list("pk", "digest").iterator(BATCH)
    sequence, previous = 0, GENESIS
    while batch := list(islice(rows, BATCH)):
        updates = []
        for pk, digest in batch:
            sequence += 1
            linked = link_hash(sequence, previous, digest)
            updates.append((sequence, previous, linked, key.get_db_prep_value(pk, connection)))
            previous = linked
        with connection.cursor() as cursor:
            cursor.executemany(UPDATE, updates)


class Migration(migrations.Migration):

    dependencies = [
        ('audit', '0003_lanes'),
    ]

    operations = [
        migrations.RunPython(chain, migrations.RunPython.noop),
    ]
