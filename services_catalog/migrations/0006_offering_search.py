from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('services_catalog', '0005_deprecation'),
    ]

    operations = [
        migrations.AddField(
            model_name='offering',
            name='teams',
            field=models.JSONField(blank=True, default=list, help_text='slugs of the teams that may request it; empty: all'),
        ),
        migrations.AddField(
            model_name='offering',
            name='search_text',
            field=models.TextField(default='', editable=False, help_text='what search looks in'),
        ),
        migrations.AddField(
            model_name='offering',
            name='labels',
            field=models.TextField(default='', editable=False, help_text='tag:…, env:… and team:…, one a line'),
        ),
    ]
