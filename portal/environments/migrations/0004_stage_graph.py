"""Each stage's one source becomes one of its sources."""

from django.db import migrations


def to_many(apps, schema_editor):
    Environment = apps.get_model("environments", "Environment")
    for environment in Environment.objects.exclude(single_source=None):
        environment.promotes_from.add(environment.single_source_id)


def to_one(apps, schema_editor):
    """The first by order: a single source cannot say more."""
    Environment = apps.get_model("environments", "Environment")
    for environment in Environment.objects.all():
        source = environment.promotes_from.order_by("order").first()
        Environment.objects.filter(pk=environment.pk).update(single_source=source)


class Migration(migrations.Migration):
    dependencies = [("environments", "0003_gate")]

    operations = [migrations.RunPython(to_many, to_one)]
