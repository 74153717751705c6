"""Requests for charts that may render differently each time go through the stated rule (docs/gate.md)."""

from __future__ import annotations

import pytest

from portal.clusters.kubernetes import Kubernetes
from portal.core.objects import ObjectKey
from portal.lifecycle.models import ChangeRequest, Release, ServiceInstance
from portal.lifecycle.states import ChangeState
from services_catalog import sync
from services_catalog.models import OfferingVersion
from tests.api.conftest import Api
from tests.fixtures.worker import work_off
from tests.lifecycle.helpers import ask
from tests.services_catalog import chart_library
from tests.services_catalog.chart_library import plan

pytestmark = pytest.mark.django_db
CHARTS = ("behind-a-value", "random-password", "looks-up", "on-request")


@pytest.fixture
def shop(provisioned, tmp_path):
    """The organisation with charts of the tests on offer, and a namespace in dev."""
    sync.sync(chart_library.write(tmp_path, *CHARTS))
    work_off(ask(provisioned.alice, application="storefront", environment="dev", offering="namespace"))
    return provisioned


def wish(offering, **values):
    return {
        "application": "storefront",
        "environment": "dev",
        "offering": offering,
        "name": "thing",
        "values": values,
    }


def config(organisation, name="thing"):
    key = ObjectKey("v1", "ConfigMap", "storefront-dev", name)
    return Kubernetes(organisation.cluster.connection).get(key)


def test_what_would_differ_each_time_is_refused_with_its_place_and_what_to_do(shop):
    answer = Api(shop.alice).post("changes/", wish("behind-a-value", session={"enabled": True}))
    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert (error["path"], error["code"]) == ("/values", "not_reproducible")
    for part in ("ConfigMap/thing /data/key", "templates/config.yaml:12 (uuidv4)", "/session/key"):
        assert part in error["message"]
    assert "x-slipway-generate" in error["message"]
    assert not ServiceInstance.objects.filter(name="thing").exists()
    preview = Api(shop.alice).post("previews/", wish("behind-a-value", session={"enabled": True})).json()
    assert preview["errors"][0]["code"] == "not_reproducible"


@pytest.mark.parametrize(
    ("switch", "path", "source"),
    [
        ("stamp", "/data/stamp", "templates/config.yaml:9 (now)"),
        ("count", "/data/first", "templates/config.yaml:12 (.Release.IsInstall)"),
        ("shuffle", "/data/order", "templates/config.yaml:17 (keys)"),
    ],
)
def test_the_clock_an_upgrade_and_the_order_of_a_map_are_seen_too(shop, switch, path, source):
    (error,) = Api(shop.alice).post("changes/", wish("on-request", **{switch: True})).json()["errors"]
    assert error["code"] == "not_reproducible"
    assert f"ConfigMap/thing {path} " in error["message"]
    assert source in error["message"]
    assert Api(shop.alice).post("previews/", wish("on-request")).json()["errors"] == []


def test_the_same_chart_with_the_value_pinned_runs(shop):
    values = {"session": {"enabled": True, "key": "mine"}}
    answer = Api(shop.alice).post("changes/", wish("behind-a-value", **values))
    assert answer.status_code == 201, answer.content
    change = work_off(ChangeRequest.objects.get(pk=answer.json()["id"]))
    assert change.state == ChangeState.SUCCEEDED, change.outcome
    assert config(shop)["data"]["key"] == "mine"
    # and what is asked of it later is held to the same rule
    later = {"kind": "update", "instance": change.instance_id, "values": {"session": {"enabled": True}}}
    assert Api(shop.alice).post("changes/", later).json()["errors"][0]["code"] == "not_reproducible"


def test_a_varying_chart_cannot_be_requested_at_all(shop):
    assert OfferingVersion.objects.get(offering__slug="random-password").status == "draft"
    for version in ({}, {"version": "1.0.0"}):
        answer = Api(shop.alice).post("changes/", {**wish("random-password"), **version})
        assert answer.status_code == 422
        assert {error["path"] for error in answer.json()["errors"]} <= {"/offering", "/version"}
    assert not Release.objects.filter(offering_version__offering__slug="random-password").exists()


def test_a_plan_that_brings_it_in_takes_the_version_off_the_shelf(shop, tmp_path):
    plans = [plan("small", default=True), plan("large", session={"enabled": True})]
    sync.sync(chart_library.write(tmp_path, "behind-a-value", plans=plans))
    answer = Api(shop.alice).post("changes/", wish("behind-a-value"))
    assert answer.status_code == 422


def test_what_lookup_finds_in_the_cluster_is_refused_after_applying_and_rolled_back(shop):
    """No rendering without a cluster can see it, so what helm recorded is compared with what was sealed."""
    change = work_off(ask(shop.alice, **wish("looks-up")))
    assert change.state == ChangeState.SUCCEEDED, change.outcome
    assert config(shop)["data"]["mode"] == "usual"
    settings = {"metadata": {"name": "settings", "namespace": "storefront-dev"}, "data": {"mode": "unusual"}}
    document = {"apiVersion": "v1", "kind": "ConfigMap", **settings}
    Kubernetes(shop.cluster.connection).apply(document, "somebody")
    again = work_off(ask(shop.alice, **wish("looks-up") | {"name": "other"}))
    assert again.state == ChangeState.FAILED
    assert "something else in the cluster than was sealed: ConfigMap/other" in again.outcome
    assert config(shop, "other") is None


def test_a_version_never_examined_is_not_trusted(shop):
    OfferingVersion.objects.filter(offering__slug="behind-a-value").update(reproducibility={})
    answer = Api(shop.alice).post("changes/", wish("behind-a-value", session={"enabled": True}))
    assert answer.json()["errors"][0]["code"] == "not_reproducible"


def test_the_api_shows_what_is_known(shop):
    detail = Api(shop.alice).get("offerings/behind-a-value/versions/1.0.0/").json()
    assert detail["reproducibility"]["status"] == "may_vary"
    assert detail["reproducibility"]["sources"][0] == {
        "function": "uuidv4",
        "kind": "random",
        "file": "templates/config.yaml",
        "line": 12,
        "values": ["/session/enabled", "/session/key"],
    }
    varying = "offerings/random-password/versions/1.0.0/"
    assert Api(shop.alice).get(varying).status_code == 404, "drafts are for those who curate"
    places = Api(shop.pete).get(varying).json()["reproducibility"]["places"]
    assert {place["path"] for place in places} == {"/stringData/password"}
