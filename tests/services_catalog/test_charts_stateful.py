"""PostgreSQL and Redis: connection, password, names and who may connect."""

from __future__ import annotations

import base64
import json

import pytest

from portal.clusters.helm import render
from portal.clusters.types import Target
from tests import tools
from tests.services_catalog.rendered_charts import case_of, documents_of, one


@pytest.mark.parametrize(("slug", "port"), [("postgresql", 5432), ("redis", 6379)])
def test_the_connection_secret_has_the_shape_that_the_catalog_promises(slug, port, offerings):
    documents = documents_of(case_of(slug))
    secret = one(documents, "Secret", "storefront-example-connection")
    promised = next(each for each in offerings if each.slug == slug).fields["provides"]["secrets"][0]
    assert sorted(secret["data"]) == sorted(promised["keys"])
    assert secret["type"] == f"servicebinding.io/{slug}"
    data = {key: base64.b64decode(value).decode() for key, value in secret["data"].items()}
    service = one(documents, "Service", "storefront-example")
    assert data["host"] == f"{service['metadata']['name']}.storefront-dev.svc"
    assert int(data["port"]) == service["spec"]["ports"][0]["port"] == port
    assert f":{data['password']}@{data['host']}:{port}/" in data["uri"]


@pytest.mark.parametrize("slug", ["postgresql", "redis"])
def test_the_password_stands_in_secrets_only(slug):
    case = case_of(slug)
    password = case.values()["password"]
    encoded = base64.b64encode(password.encode()).decode()
    for document in documents_of(case):
        if document["kind"] != "Secret":
            assert password not in json.dumps(document)
            assert encoded not in json.dumps(document)


@pytest.mark.parametrize("slug", ["postgresql", "redis"])
def test_a_long_name_still_makes_valid_labels(slug):
    case = case_of(slug)
    release = "a" * 52 + "b"
    result = render(
        case.version.folder,
        target=Target(release, "storefront-dev"),
        values=case.values(),
        binary=tools.helm(),
    )
    stateful = one(result.documents, "StatefulSet")
    # the controller adds a label "<name>-<ten characters>"
    assert len(stateful["metadata"]["name"]) + 11 <= 63
    for document in result.documents:
        assert all(len(value) <= 63 for value in document["metadata"]["labels"].values())
        if document["kind"] == "Service":
            assert len(document["metadata"]["name"]) <= 63


@pytest.mark.parametrize("slug", ["postgresql", "redis"])
def test_only_named_instances_may_connect_when_some_are_named(slug):
    everybody = one(documents_of(case_of(slug)), "NetworkPolicy")["spec"]
    assert everybody["ingress"][0]["from"] == [{"podSelector": {}}]
    named = one(documents_of(case_of(slug), allowedInstances=["web"]), "NetworkPolicy")["spec"]
    selector = named["ingress"][0]["from"][0]["podSelector"]["matchExpressions"][0]
    assert (selector["key"], selector["values"]) == ("app.kubernetes.io/instance", ["web"])
    assert "egress" not in named
    assert "Egress" in named["policyTypes"]


def test_redis_forgets_or_keeps_as_it_is_told():
    def config(**overrides):
        secret = one(documents_of(case_of("redis"), **overrides), "Secret", "storefront-example-config")
        return base64.b64decode(secret["data"]["redis.conf"]).decode().splitlines()

    assert "appendonly no" in config()
    assert "maxmemory 100mb" in config()
    kept = config(persistence={"enabled": True}, eviction="noeviction")
    assert {"appendonly yes", "maxmemory-policy noeviction"} <= set(kept)
    cache = one(documents_of(case_of("redis")), "StatefulSet")["spec"]
    queue = one(documents_of(case_of("redis"), persistence={"enabled": True}), "StatefulSet")["spec"]
    assert "volumeClaimTemplates" not in cache
    assert queue["volumeClaimTemplates"][0]["spec"]["resources"]["requests"]["storage"] == "2Gi"
