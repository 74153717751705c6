"""Namespaces of before claim what they were sealed with, from pools without limits: nobody is refused."""

from django.db import migrations

from portal.policy.quantities import parse_quantity

ACTIVE = ("awaiting_approval", "queued", "running")


def hard_limits(documents):
    hard = {}
    for document in documents:
        if document.get("kind") == "ResourceQuota":
            for resource, value in ((document.get("spec") or {}).get("hard") or {}).items():
                name = {"cpu": "requests.cpu", "memory": "requests.memory"}.get(resource, resource)
                limit = parse_quantity(str(value)).amount
                hard[name] = min(limit, hard.get(name, limit))
    return {name: f"{limit:f}" for name, limit in hard.items()}


def claim(apps, schema_editor):
    QuotaPool = apps.get_model("lifecycle", "QuotaPool")
    QuotaClaim = apps.get_model("lifecycle", "QuotaClaim")
    ServiceInstance = apps.get_model("lifecycle", "ServiceInstance")
    ChangeRequest = apps.get_model("lifecycle", "ChangeRequest")
    Release = apps.get_model("lifecycle", "Release")
    alive = ServiceInstance.objects.filter(retired_at=None, offering__role="namespace")
    running = alive.exclude(current_release=None).values_list("current_release", flat=True)
    wanted = ChangeRequest.objects.filter(instance__in=alive, state__in=ACTIVE).exclude(release=None)
    counting = {*running, *wanted.values_list("release", flat=True)}
    rows = Release.objects.filter(pk__in=counting).values_list(
        "pk", "instance__application__team", "instance__environment", "objects_masked"
    )
    for pk, team, environment, documents in rows.iterator(chunk_size=100):
        pool, _ = QuotaPool.objects.get_or_create(team_id=team, environment_id=environment)
        QuotaClaim.objects.get_or_create(
            release_id=pk, defaults={"pool": pool, "amounts": hard_limits(documents)}
        )


class Migration(migrations.Migration):
    dependencies = [("lifecycle", "0012_quota_pools")]

    operations = [migrations.RunPython(claim, migrations.RunPython.noop)]
