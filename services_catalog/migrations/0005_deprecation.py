import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


def fields(model: str, successor: str) -> list[migrations.AddField]:
    """What says that, since when, until when and why something is on its way out."""
    return [
        migrations.AddField(model, "deprecated_at", models.DateTimeField(blank=True, null=True)),
        migrations.AddField(
            model,
            "retires_on",
            models.DateField(
                blank=True,
                help_text="From this day on (UTC) nothing is changed to it, or within it.",
                null=True,
            ),
        ),
        migrations.AddField(
            model,
            "deprecation_message",
            models.CharField(
                blank=True, default="", help_text="Why, and what to do about it.", max_length=500
            ),
        ),
        migrations.AddField(
            model,
            "deprecated_by",
            models.ForeignKey(
                blank=True,
                help_text="Who said so in the portal; nobody where the library's file does.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model,
            "notices_told",
            models.PositiveSmallIntegerField(
                default=0,
                help_text=("How far its owners have been told; portal/lifecycle/operations/deprecations.py."),
            ),
        ),
        migrations.AddField(
            model,
            "successor",
            models.ForeignKey(
                blank=True,
                help_text=successor,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=f"services_catalog.{model}",
            ),
        ),
    ]


class Migration(migrations.Migration):
    dependencies = [
        ("services_catalog", "0004_sources"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        *fields("offering", "the offering to take instead"),
        *fields("offeringversion", "the version to take instead"),
    ]
