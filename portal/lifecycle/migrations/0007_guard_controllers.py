from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("lifecycle", "0006_bypasses"),
    ]

    operations = [
        migrations.AddField(
            model_name="guardstate",
            name="controllers",
            field=models.JSONField(
                blank=True,
                default=list,
                help_text="Service accounts of operators that may write in the cluster too.",
            ),
        ),
    ]
