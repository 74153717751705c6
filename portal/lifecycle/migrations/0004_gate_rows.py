"""What releases, changes and approvals of before have to say now."""

from django.db import migrations

from portal.core.digests import digest_of


def fill(apps, schema_editor):
    Release = apps.get_model("lifecycle", "Release")
    for release in Release.objects.all().iterator(chunk_size=100):
        parts = {
            "chart": release.chart_id,
            "values": digest_of(release.values),
            "objects": release.objects_digest,
            "policy": release.policy_digest,
            "target": release.target,
            "images": release.images,
        }
        if release.exceptions:
            parts["exceptions"] = release.exceptions
        Release.objects.filter(pk=release.pk).update(ingredients=parts)
    Approval = apps.get_model("lifecycle", "Approval")
    for approval in Approval.objects.select_related("change").iterator(chunk_size=1000):
        Approval.objects.filter(pk=approval.pk).update(requester=approval.change.requested_by_id)
    ChangeRequest = apps.get_model("lifecycle", "ChangeRequest")
    for change in ChangeRequest.objects.select_related("release").defer("release__values", "release__inputs"):
        change.contributors.add(change.requested_by_id)
        if change.release is not None:
            change.contributors.add(change.release.created_by_id)


class Migration(migrations.Migration):
    dependencies = [("lifecycle", "0003_gate")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
