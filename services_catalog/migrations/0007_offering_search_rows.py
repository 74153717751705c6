"""What search and filters look in, for the offerings that there are."""

from django.db import migrations


def derive(apps, schema_editor):
    offerings = apps.get_model("services_catalog", "Offering").objects.all()
    for offering in offerings:
        text = (offering.name, offering.slug, offering.summary, offering.category, *offering.tags)
        offering.search_text = " ".join(text).casefold()
        lines = [f"tag:{tag}" for tag in offering.tags]
        lines += [f"env:{slug}" for slug in offering.environments or ("*",)]
        lines += [f"team:{slug}" for slug in offering.teams or ("*",)]
        offering.labels = "\n".join(("", *lines, ""))
        offering.save(update_fields=["search_text", "labels"])


class Migration(migrations.Migration):

    dependencies = [
        ('services_catalog', '0006_offering_search'),
    ]

    operations = [
        migrations.RunPython(derive, migrations.RunPython.noop, elidable=True),
    ]
