from __future__ import annotations

from io import StringIO

import pytest
import yaml
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction

from portal.core.errors import ValidationFailed
from services_catalog.models import ChartArchive, Offering, OfferingVersion, Plan
from services_catalog.sync import ChartChanged, sync
from tests.services_catalog.test_library import change


def touch_chart(folder, text="\n# changed\n"):
    file = folder.parent / "charts" / "redis" / "1.0.0" / "values.yaml"
    file.write_text(file.read_text() + text)


def test_the_library_is_loaded_with_its_charts_and_plans(db, offerings):
    sync()
    assert Offering.objects.requestable().count() == len(offerings)
    version = OfferingVersion.objects.get(offering__slug="web-service", version="1.1.0")
    assert version.chart.digest.startswith("sha256:")
    assert version.readme.startswith("# Web service")
    assert [plan.slug for plan in version.plans.all()] == ["small", "medium", "large"]
    assert version.plans.get(is_default=True).slug == "small"
    assert Offering.objects.get(role="namespace").cluster_scoped


def test_a_second_sync_changes_nothing_and_writes_nothing(catalog, django_assert_max_num_queries):
    before = list(ChartArchive.objects.values_list("pk", "created_at"))
    assert {step.what for step in sync()} == {"unchanged"}
    assert list(ChartArchive.objects.values_list("pk", "created_at")) == before


def test_a_changed_chart_under_a_published_version_is_refused_in_production(db, library_copy):
    sync(library_copy, mutable=False)
    before = OfferingVersion.objects.get(offering__slug="redis", version="1.0.0").chart_id
    touch_chart(library_copy)
    change(library_copy, "namespace", lambda doc: doc.update(summary="Changed."))
    with pytest.raises(ChartChanged, match="Give the changed chart a new version"):
        sync(library_copy, mutable=False)
    assert OfferingVersion.objects.get(offering__slug="redis", version="1.0.0").chart_id == before
    assert Offering.objects.get(slug="namespace").summary != "Changed.", "all of it or nothing"


def test_in_dev_the_version_points_at_the_new_chart_and_the_old_one_stays(db, library_copy):
    sync(library_copy, mutable=True)
    before = OfferingVersion.objects.get(offering__slug="redis", version="1.0.0").chart_id
    touch_chart(library_copy)
    steps = sync(library_copy, mutable=True)
    assert [str(step) for step in steps if step.what != "unchanged"] == ["chart replaced: redis 1.0.0"]
    after = OfferingVersion.objects.get(offering__slug="redis", version="1.0.0").chart_id
    assert after != before
    assert ChartArchive.objects.filter(pk__in=[before, after]).count() == 2


def test_the_setting_decides_where_nobody_says(db, library_copy, settings):
    settings.SLIPWAY_LIBRARY_DIR, settings.SLIPWAY_CATALOG_MUTABLE = library_copy, False
    sync()
    touch_chart(library_copy)
    with pytest.raises(ChartChanged):
        sync()


def test_what_left_the_library_is_kept_and_named(db, library_copy):
    sync(library_copy)
    (library_copy / "redis.yaml").unlink()
    change(library_copy, "web-service", lambda doc: doc["versions"].pop(0))
    strays = [step.subject for step in sync(library_copy) if step.what == "not in the library"]
    assert strays == ["redis 1.0.0", "redis 1.1.0", "web-service 1.0.0"]
    assert Offering.objects.filter(slug="redis").exists()


def test_a_plan_that_is_not_used_goes_and_the_default_moves(db, library_copy):
    sync(library_copy)

    def edit(doc):
        plans = doc["versions"][0]["plans"]
        plans.pop(0)
        plans[1]["default"] = True

    change(library_copy, "redis", edit)
    steps = [str(step) for step in sync(library_copy) if step.what != "unchanged"]
    assert steps == [
        "updated: redis 1.0.0",
        "removed: redis 1.0.0 plan small",
        "updated: redis 1.0.0 plan medium",
        "updated: redis 1.0.0 plan large",
    ]
    plans = Plan.objects.filter(offering_version__offering__slug="redis", offering_version__version="1.0.0")
    assert plans.get(is_default=True).slug == "large"


def test_removing_an_optional_field_returns_it_to_its_default(db, library_copy):
    sync(library_copy)
    change(library_copy, "redis", lambda doc: (doc.pop("tags"), doc.pop("icon")))
    sync(library_copy)
    redis = Offering.objects.get(slug="redis")
    assert (redis.tags, redis.icon) == ([], "")


def test_a_broken_library_changes_nothing(db, library_copy):
    change(library_copy, "worker", lambda doc: doc.pop("name"))
    with pytest.raises(ValidationFailed):
        sync(library_copy)
    assert not Offering.objects.exists()


def test_the_command_says_what_it_did_and_what_is_wrong(db, library_copy):
    out = StringIO()
    call_command("catalog", "sync", library=library_copy, stdout=out)
    assert "created: redis 1.0.0" in out.getvalue()
    change(library_copy, "worker", lambda doc: doc.pop("name"))
    with pytest.raises(CommandError, match=r"worker.yaml#/name: name is required\."):
        call_command("catalog", "sync", library=library_copy, stdout=out)


def test_the_database_itself_refuses_what_must_not_be(catalog):
    version = OfferingVersion.objects.first()
    for wrong in (
        lambda: Plan.objects.create(offering_version=version, slug="x", name="x", is_default=True),
        lambda: Plan.objects.create(offering_version=version, slug="small", name="x"),
        lambda: OfferingVersion.objects.filter(pk=version.pk).update(status="beta"),
        lambda: Offering.objects.filter(pk=version.offering_id).update(lifecycle="sleeping"),
        lambda: ChartArchive.objects.create(digest="md5:1", name="x", version="1", content=b""),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            wrong()


def test_the_library_file_is_plain_yaml_without_aliases(settings):
    for file in settings.SLIPWAY_LIBRARY_DIR.glob("*.yaml"):
        assert not [event for event in yaml.parse(file.read_text()) if isinstance(event, yaml.AliasEvent)]
