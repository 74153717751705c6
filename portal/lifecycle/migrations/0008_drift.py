import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("lifecycle", "0007_guard_controllers"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="DriftItem",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("api_version", models.CharField(max_length=120)),
                ("kind", models.CharField(max_length=63)),
                ("namespace", models.CharField(blank=True, max_length=63)),
                ("name", models.CharField(max_length=253)),
                (
                    "path",
                    models.CharField(
                        blank=True,
                        help_text="spec.replicas, say; empty for the whole object.",
                        max_length=500,
                    ),
                ),
                (
                    "how",
                    models.CharField(
                        choices=[
                            ("changed", "Changed"),
                            ("removed", "Removed"),
                            ("added", "Added"),
                            ("missing", "Missing"),
                            ("foreign", "Foreign"),
                        ],
                        max_length=7,
                    ),
                ),
                (
                    "sealed",
                    models.JSONField(
                        help_text="As the release has it; null where it has nothing.", null=True
                    ),
                ),
                (
                    "live",
                    models.JSONField(
                        help_text="As the cluster has it; null where it has nothing.", null=True
                    ),
                ),
                (
                    "manager",
                    models.CharField(
                        blank=True,
                        help_text="Who wrote it: a client's own word. Empty: not known.",
                        max_length=128,
                    ),
                ),
                (
                    "operation",
                    models.CharField(
                        blank=True, help_text="Update or Apply, and of which part.", max_length=40
                    ),
                ),
                (
                    "manager_at",
                    models.DateTimeField(help_text="When it was written, as the cluster says.", null=True),
                ),
                ("first_seen_at", models.DateTimeField()),
                (
                    "last_seen_at",
                    models.DateTimeField(help_text="The last scan in which what it says was seen to be so."),
                ),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "instance",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="drift_items",
                        to="lifecycle.serviceinstance",
                    ),
                ),
            ],
            options={
                "ordering": ["kind", "name", "path", "id"],
                "indexes": [models.Index(fields=["instance", "-first_seen_at"], name="drift_item_history")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("ended_at", None)),
                        fields=("instance", "api_version", "kind", "namespace", "name", "path"),
                        name="drift_item_once_while_current",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="DriftReport",
            fields=[
                (
                    "instance",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="drift_report",
                        serialize=False,
                        to="lifecycle.serviceinstance",
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[("in_step", "As sealed"), ("drifted", "Drifted"), ("unknown", "Not known")],
                        default="unknown",
                        max_length=7,
                    ),
                ),
                ("message", models.CharField(blank=True, max_length=500)),
                (
                    "checked_at",
                    models.DateTimeField(help_text="When the last scan that got an answer began.", null=True),
                ),
                ("tried_at", models.DateTimeField(help_text="When the last scan began.", null=True)),
                ("asked_at", models.DateTimeField(help_text="When somebody asked for a scan.", null=True)),
                (
                    "lease_until",
                    models.DateTimeField(help_text="Until when one worker has it for itself.", null=True),
                ),
                (
                    "fingerprint",
                    models.CharField(
                        blank=True,
                        help_text="Of what was seen: the same again need not be compared again.",
                        max_length=71,
                    ),
                ),
                ("changed", models.PositiveIntegerField(default=0)),
                ("removed", models.PositiveIntegerField(default=0)),
                ("added", models.PositiveIntegerField(default=0)),
                ("missing", models.PositiveIntegerField(default=0)),
                ("foreign", models.PositiveIntegerField(default=0)),
                ("tolerated", models.PositiveIntegerField(default=0)),
                (
                    "release",
                    models.ForeignKey(
                        help_text="What it was compared with.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="lifecycle.release",
                    ),
                ),
            ],
            options={
                "ordering": ["instance"],
                "indexes": [
                    models.Index(fields=["tried_at", "instance"], name="drift_oldest_first"),
                    models.Index(fields=["status", "instance"], name="drift_by_status"),
                    models.Index(
                        condition=models.Q(("asked_at__isnull", False)),
                        fields=["asked_at"],
                        name="drift_asked",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="DriftTolerance",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("api_version", models.CharField(max_length=120)),
                ("kind", models.CharField(max_length=63)),
                ("namespace", models.CharField(blank=True, max_length=63)),
                ("name", models.CharField(max_length=253)),
                (
                    "path",
                    models.CharField(
                        blank=True, help_text="And all below it; empty for the whole object.", max_length=500
                    ),
                ),
                ("reason", models.TextField()),
                ("until", models.DateTimeField()),
                ("created_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "created_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "ended_by",
                    models.ForeignKey(
                        help_text="Empty when its date had come.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "instance",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="drift_tolerances",
                        to="lifecycle.serviceinstance",
                    ),
                ),
            ],
            options={
                "ordering": ["-created_at", "-id"],
                "indexes": [
                    models.Index(fields=["instance", "until"], name="tolerance_by_instance"),
                    models.Index(
                        condition=models.Q(("ended_at", None)), fields=["until"], name="tolerance_due"
                    ),
                ],
            },
        ),
    ]
