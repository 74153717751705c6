"""Web service, worker and static site."""

from __future__ import annotations

import base64

import kubernetes_validate
import pytest

from portal.clusters.errors import ChartDoesNotRender
from portal.clusters.helm import render
from portal.clusters.types import Target
from services_catalog import values
from tests import tools
from tests.services_catalog.pod_security import pod_of, violations
from tests.services_catalog.rendered_charts import KUBERNETES, case_of, documents_of, one, some


def test_an_expert_override_reaches_the_pod_so_that_policy_can_refuse_it():
    documents = documents_of(
        case_of("web-service"),
        securityContext={
            "privileged": True,
            "readOnlyRootFilesystem": False,
            "capabilities": {"add": ["SYS_ADMIN"]},
        },
        podSecurityContext={"runAsNonRoot": False, "runAsUser": 0},
    )
    pod = pod_of(one(documents, "Deployment"))
    context = pod["containers"][0]["securityContext"]
    assert context["privileged"] is True
    assert context["readOnlyRootFilesystem"] is False
    assert context["capabilities"] == {"drop": ["ALL"], "add": ["SYS_ADMIN"]}
    assert (pod["securityContext"]["runAsNonRoot"], pod["securityContext"]["runAsUser"]) == (False, 0)
    assert {"privileged", "capabilities.add", "runAsNonRoot", "runAsUser"} <= set(violations(pod))


@pytest.mark.parametrize(
    ("overrides", "present"),
    [
        ({"replicas": 1}, False),
        ({"replicas": 2}, True),
        ({"replicas": 1, "autoscaling": {"enabled": True, "minReplicas": 2}}, True),
        ({"replicas": 5, "autoscaling": {"enabled": True, "minReplicas": 1}}, False),
    ],
)
def test_a_disruption_budget_comes_with_the_second_copy(overrides, present):
    documents = documents_of(case_of("web-service"), **overrides)
    assert any(doc["kind"] == "PodDisruptionBudget" for doc in documents) is present


def test_the_autoscaler_alone_decides_the_number_of_copies():
    fixed = documents_of(case_of("web-service"), replicas=3)
    scaled = documents_of(case_of("web-service"), replicas=3, autoscaling={"enabled": True})
    assert one(fixed, "Deployment")["spec"]["replicas"] == 3
    assert "replicas" not in one(scaled, "Deployment")["spec"]
    assert one(scaled, "HorizontalPodAutoscaler")["spec"]["scaleTargetRef"]["name"] == "storefront-example"


def test_a_change_of_configuration_restarts_the_pods_and_nothing_else_does():
    def stamp(**overrides):
        template = one(documents_of(case_of("web-service"), **overrides), "Deployment")["spec"]["template"]
        return template["metadata"]["annotations"]["slipway.dev/env-digest"]

    assert stamp() == stamp(replicas=4)
    assert len({stamp(), stamp(env={"A": "1"}), stamp(env={"A": "2"}), stamp(secretEnv={"A": "1"})}) == 4


@pytest.mark.parametrize("word", ["on", "null", "y", "true", "e1"])
def test_names_that_yaml_would_misread_stay_text(word):
    case = case_of("web-service", example="full")
    composed = values.merge(
        case.values(),
        {"slipway": {"application": word, "team": "1e3"}, "env": {"NO": "off"}, "image": {"tag": "1.10"}},
    )
    result = render(case.version.folder, target=Target(word, "null"), values=composed, binary=tools.helm())
    for document in result.documents:
        kubernetes_validate.validate(document, KUBERNETES, strict=True)
        assert document["metadata"]["labels"]["slipway.dev/application"] == word
        assert document["metadata"]["labels"]["slipway.dev/team"] == "1e3"
    assert one(result.documents, "ConfigMap")["data"] == {
        "LOG_LEVEL": "info",
        "FEATURE_CART": "true",
        "NO": "off",
    }
    assert ":1.10@" in result.images[0]


def test_a_connection_is_mounted_and_given_as_a_variable():
    pod = pod_of(
        one(documents_of(case_of("web-service"), bindings=[{"instance": "db", "env": "URL"}]), "Deployment")
    )
    container = pod["containers"][0]
    assert {"name": "SERVICE_BINDING_ROOT", "value": "/bindings"} in container["env"]
    reference = {"secretKeyRef": {"name": "db-connection", "key": "uri"}}
    assert {"name": "URL", "valueFrom": reference} in container["env"]
    assert {"name": "binding-db", "mountPath": "/bindings/db", "readOnly": True} in container["volumeMounts"]


def test_helm_itself_refuses_values_against_the_schema():
    case = case_of("web-service")
    for wrong in ({"replicas": "two"}, {"nonsense": 1}, {"image": {"tag": "a b"}}):
        with pytest.raises(ChartDoesNotRender):
            documents_of(case, **wrong)


def test_a_connection_may_name_another_secret_and_another_key():
    binding = {"instance": "events", "secret": "events-user", "key": "password", "env": "EVENTS_PASSWORD"}
    pod = pod_of(one(documents_of(case_of("web-service"), bindings=[binding]), "Deployment"))
    reference = {"secretKeyRef": {"name": "events-user", "key": "password"}}
    assert {"name": "EVENTS_PASSWORD", "valueFrom": reference} in pod["containers"][0]["env"]
    assert {"name": "binding-events", "secret": {"secretName": "events-user"}} in pod["volumes"]


@pytest.mark.parametrize("slug", ["web-service", "static-site"])
def test_others_find_it_by_a_connection_of_the_promised_shape(slug, offerings):
    documents = documents_of(case_of(slug))
    secret = one(documents, "Secret", "storefront-example-connection")
    promised = next(each for each in offerings if each.slug == slug).fields["provides"]["secrets"][0]
    assert sorted(secret["data"]) == sorted(promised["keys"])
    assert secret["type"] == "servicebinding.io/http"
    data = {key: base64.b64decode(value).decode() for key, value in secret["data"].items()}
    assert data["uri"] == f"http://{data['host']}" == "http://storefront-example.storefront-dev.svc"
    assert int(data["port"]) == one(documents, "Service")["spec"]["ports"][0]["port"]


@pytest.mark.parametrize("slug", ["web-service", "static-site"])
def test_the_public_address_leads_through_an_ingress_or_a_gateway_never_both(slug):
    public = {"enabled": True, "host": "shop.example.com"}
    closed = documents_of(case_of(slug))
    assert not some(closed, "Ingress")
    assert not some(closed, "HTTPRoute")
    ingress = documents_of(case_of(slug), ingress=public)
    assert not some(ingress, "HTTPRoute")
    assert one(ingress, "Ingress")["spec"]["tls"][0]["hosts"] == ["shop.example.com"]
    assert who_may_call(ingress) == {"ingress-nginx"}
    gateway = documents_of(case_of(slug), ingress={**public, "via": "gateway"})
    assert not some(gateway, "Ingress")
    spec = one(gateway, "HTTPRoute")["spec"]
    assert spec["hostnames"] == ["shop.example.com"]
    parent = spec["parentRefs"][0]
    assert (parent["namespace"], parent["name"]) == ("gateway-system", "public")
    assert parent["sectionName"] == "https"
    assert who_may_call(gateway) == {"gateway-system"}


def who_may_call(documents):
    """The namespaces that the network policy lets in."""
    return {
        peer["namespaceSelector"]["matchLabels"]["kubernetes.io/metadata.name"]
        for rule in one(documents, "NetworkPolicy")["spec"]["ingress"]
        for peer in rule["from"]
        if "namespaceSelector" in peer
    }


def test_metrics_are_open_to_the_monitoring_alone_and_only_when_asked_for():
    closed = documents_of(case_of("web-service"))
    assert len(one(closed, "NetworkPolicy")["spec"]["ingress"]) == 1
    annotations = {"prometheus.io/path": "/other", "example.com/owner": "shop"}
    opened = documents_of(case_of("web-service"), metrics={"enabled": True}, podAnnotations=annotations)
    assert who_may_call(opened) == {"monitoring"}
    assert one(opened, "NetworkPolicy")["spec"]["ingress"][1]["ports"] == [{"port": 9090, "protocol": "TCP"}]
    notes = one(opened, "Deployment")["spec"]["template"]["metadata"]["annotations"]
    # what a person says wins
    assert (notes["prometheus.io/port"], notes["prometheus.io/path"]) == ("9090", "/other")
    same = documents_of(case_of("web-service"), metrics={"enabled": True, "port": 8080})
    ports = pod_of(one(same, "Deployment"))["containers"][0]["ports"]
    assert [port["name"] for port in ports] == ["http"]


@pytest.mark.parametrize("slug", ["web-service", "worker", "static-site"])
@pytest.mark.parametrize(("spread", "keys"), [("none", 0), ("nodes", 1), ("zones", 2)])
def test_copies_are_spread_as_asked(slug, spread, keys):
    pod = pod_of(one(documents_of(case_of(slug), spread=spread), "Deployment"))
    assert len(pod.get("topologySpreadConstraints", [])) == keys
