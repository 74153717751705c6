import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("environments", "0003_gate"),
        ("lifecycle", "0005_approval_requester"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="GuardState",
            fields=[
                (
                    "environment",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="guard_state",
                        serialize=False,
                        to="environments.environment",
                    ),
                ),
                ("since", models.DateTimeField(null=True)),
                ("reason", models.TextField(blank=True)),
                (
                    "audited_at",
                    models.DateTimeField(
                        help_text="When audit was first in force in the cluster.", null=True
                    ),
                ),
                (
                    "watched_at",
                    models.DateTimeField(
                        help_text="When all of its namespaces were last looked at.", null=True
                    ),
                ),
                (
                    "looked_at",
                    models.DateTimeField(help_text="When some of them were last looked at.", null=True),
                ),
                (
                    "cursor",
                    models.PositiveBigIntegerField(
                        default=0, help_text="The last application that was looked at; 0: begin anew."
                    ),
                ),
                (
                    "message",
                    models.CharField(blank=True, help_text="Why looking did not work.", max_length=500),
                ),
                (
                    "set_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["environment"],
            },
        ),
        migrations.CreateModel(
            name="Bypass",
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
                    "how",
                    models.CharField(
                        choices=[
                            ("field manager", "Another writer's fields"),
                            ("helm revision", "A Helm revision that no rollout made"),
                            ("foreign release", "A Helm release that is no instance"),
                        ],
                        max_length=15,
                    ),
                ),
                (
                    "manager",
                    models.CharField(
                        help_text="The field manager that wrote; a client's own word.", max_length=128
                    ),
                ),
                (
                    "operation",
                    models.CharField(
                        blank=True, help_text="Update or Apply, and of which part.", max_length=40
                    ),
                ),
                (
                    "fields",
                    models.CharField(blank=True, help_text="Some of what was written.", max_length=300),
                ),
                ("at", models.DateTimeField(help_text="As the cluster says.", null=True)),
                (
                    "mark",
                    models.CharField(
                        blank=True, help_text="Tells two writes of one manager apart.", max_length=64
                    ),
                ),
                ("seen_at", models.DateTimeField()),
                (
                    "environment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="bypasses",
                        to="environments.environment",
                    ),
                ),
                (
                    "instance",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="bypasses",
                        to="lifecycle.serviceinstance",
                    ),
                ),
            ],
            options={
                "ordering": ["-seen_at", "-id"],
                "indexes": [
                    models.Index(fields=["environment", "-seen_at", "-id"], name="bypass_newest_first")
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=(
                            "environment",
                            "api_version",
                            "kind",
                            "namespace",
                            "name",
                            "how",
                            "manager",
                            "operation",
                            "mark",
                        ),
                        name="bypass_counted_once",
                    )
                ],
            },
        ),
    ]
