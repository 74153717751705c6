from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("environments", "0004_stage_graph")]

    operations = [migrations.RemoveField("environment", "single_source")]
