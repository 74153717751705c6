"""A promotion carries the very release: its chart and values, with only the target's overlays."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from django.conf import settings as current

from portal.core.errors import ValidationFailed
from portal.lifecycle.models import Release
from services_catalog import sync
from services_catalog.models import ChartArchive
from tests.lifecycle.helpers import WEB, ask, live_namespace, live_service, succeed

pytestmark = pytest.mark.django_db


@pytest.fixture
def service(organisation):
    """A web service in dev, with namespaces to promote it to."""
    instance = live_service(organisation)
    dev = live_namespace(organisation)
    succeed(ask(organisation.alice, kind="promote", instance=dev.pk, environment="staging"))
    return instance


def promote(organisation, instance, environment="staging", **more) -> Release:
    change = ask(organisation.alice, kind="promote", instance=instance.pk, environment=environment, **more)
    succeed(change)
    return Release.objects.get(pk=change.release_id)


def errors_of(caught) -> dict[str, str]:
    return {error["path"]: error["code"] for error in caught.value.errors}


def test_without_a_word_everything_is_carried(organisation, service):
    release = promote(organisation, service)
    source = service.current_release
    assert (release.inputs, release.plan, release.chart_id) == (source.inputs, source.plan, source.chart_id)
    assert release.promoted_from == source


def test_only_what_may_differ_may_be_said(organisation, service):
    with pytest.raises(ValidationFailed) as caught:
        promote(
            organisation,
            service,
            values={"image": {"tag": "9.9.9"}, "env": {"A": "b"}, "replicas": 2},
            plan="none-such",
        )
    assert errors_of(caught) == {
        "/values/image/tag": "not_an_overlay",
        "/values/env/A": "not_an_overlay",
        "/plan": "unknown",
    }
    assert "/replicas" in caught.value.errors[-1]["message"]


def test_the_targets_own_size_and_plan_outlive_the_next_promotion(organisation, service):
    promote(organisation, service, values={"replicas": 4}, plan="medium")
    newer = {**WEB, "replicas": 1, "image": {**WEB["image"], "tag": "1.5.0"}}
    succeed(ask(organisation.alice, kind="update", instance=service.pk, values=newer))
    service.refresh_from_db()
    release = promote(organisation, service)
    assert (release.values["replicas"], release.plan.slug) == (4, "medium")
    assert release.values["image"]["tag"] == "1.5.0"
    again = promote_again(organisation, service, release)
    assert (again.values["replicas"], again.plan.slug) == (5, "small")


def promote_again(organisation, service, release) -> Release:
    newer = {**WEB, "image": {**WEB["image"], "tag": "1.6.0"}}
    succeed(ask(organisation.alice, kind="update", instance=service.pk, values=newer))
    service.refresh_from_db()
    return promote(organisation, service, values={"replicas": 5}, plan="small")


@pytest.mark.parametrize("kind", ["promote", "rollback"])
def test_the_chart_is_that_of_the_release_though_the_version_has_another_by_now(
    organisation, service, tmp_path, kind
):
    sealed = service.current_release.chart_id
    replace_chart(tmp_path)
    service.current_release.offering_version.refresh_from_db()
    assert service.current_release.offering_version.chart_id != sealed
    if kind == "promote":
        assert promote(organisation, service).chart_id == sealed
        return
    newer = {**WEB, "image": {**WEB["image"], "tag": "1.5.0"}}
    updated = ask(organisation.alice, kind="update", instance=service.pk, values=newer)
    succeed(updated)
    assert updated.release.chart_id != sealed
    back = ask(organisation.alice, kind="rollback", instance=service.pk, release=service.current_release.pk)
    assert back.release.chart_id == sealed
    assert back.release.objects_digest == service.current_release.objects_digest


def replace_chart(folder: Path) -> None:
    """As an author does in development: the same version with another template."""
    source = Path(current.SLIPWAY_LIBRARY_DIR)
    shutil.copytree(source.parent / "charts", folder / "charts")
    shutil.copytree(source, folder / "library")
    template = folder / "charts" / "web-service" / "1.2.0" / "templates" / "service.yaml"
    template.write_text(template.read_text().replace("metadata:", "metadata: # changed", 1))
    values = folder / "charts" / "web-service" / "1.2.0" / "values.schema.json"
    assert json.loads(values.read_text())
    sync.sync(folder / "library", mutable=True)
    assert ChartArchive.objects.filter(name="web-service", version="1.2.0").count() == 2
