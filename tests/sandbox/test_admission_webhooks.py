"""Mutating webhooks: called over HTTPS like by a real API server, and what they change belongs to nobody."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fixtures.webhook import CONFIGURATIONS, MIRROR, SIDECAR, STAMP, Webhook

DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments"


@pytest.fixture
def deployments(clean_cluster: Any) -> Any:
    yield clean_cluster
    clean_cluster.request("DELETE", CONFIGURATIONS)
    clean_cluster.request("DELETE", DEPLOYMENTS)


def deployment(**labels: str) -> dict[str, Any]:
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "labels": labels},
        "spec": {
            "selector": {"matchLabels": {"a": "b"}},
            "template": {
                "metadata": {"labels": {"a": "b"}},
                "spec": {"containers": [{"name": "app", "image": "app:1"}]},
            },
        },
    }


def install(cluster: Any, webhook: Webhook, **more: Any) -> None:
    answer = cluster.request("POST", CONFIGURATIONS, webhook.configuration(**more))
    assert answer.status == 201, answer.body


def apply(cluster: Any, body: dict[str, Any], query: str = "") -> Any:
    return cluster.request(
        "PATCH",
        f"{DEPLOYMENTS}/web?fieldManager=helm&force=true{query}",
        body,
        content_type="application/apply-patch+yaml",
    )


def test_what_a_webhook_changes_is_defaulted_and_belongs_to_nobody(deployments, webhook):
    install(deployments, webhook)
    made = apply(deployments, deployment()).body
    app, sidecar = made["spec"]["template"]["spec"]["containers"]
    assert app["image"] == f"{MIRROR}app:1"
    assert (sidecar["name"], sidecar["terminationMessagePolicy"]) == (SIDECAR, "File")
    assert made["metadata"]["annotations"] == {STAMP: "1"}
    (entry,) = made["metadata"]["managedFields"]
    assert entry["manager"] == "helm"
    assert SIDECAR not in str(entry)
    assert STAMP not in str(entry)


def test_a_webhook_is_told_who_asks_for_what(deployments, webhook):
    install(deployments, webhook)
    deployments.request("POST", f"{DEPLOYMENTS}?dryRun=All", deployment())
    (review,) = webhook.reviews
    assert (review["operation"], review["dryRun"], review["name"]) == ("CREATE", True, "web")
    assert review["resource"] == {"group": "apps", "version": "v1", "resource": "deployments"}
    assert review["object"]["spec"]["replicas"] == 1
    assert review["oldObject"] is None
    assert review["userInfo"]["username"]


def test_a_dry_run_shows_what_the_webhook_would_make_of_it_and_stores_nothing(deployments, webhook):
    install(deployments, webhook)
    made = apply(deployments, deployment(), "&dryRun=All")
    assert made.body["spec"]["template"]["spec"]["containers"][1]["name"] == SIDECAR
    assert deployments.request("GET", f"{DEPLOYMENTS}/web").status == 404


def test_a_webhook_with_side_effects_refuses_dry_runs(deployments, webhook):
    install(deployments, webhook, sideEffects="Some")
    answer = apply(deployments, deployment(), "&dryRun=All")
    assert answer.status == 400
    assert answer.body["message"] == 'admission webhook "mesh.example.net" does not support dry run'
    assert webhook.reviews == []


@pytest.mark.parametrize(
    ("said", "code", "message"),
    [
        ({"code": 403, "message": "no owner"}, 403, "denied the request: no owner"),
        ({}, 400, "denied the request without explanation"),
    ],
)
def test_a_webhook_can_refuse(deployments, webhook, said, code, message):
    install(deployments, webhook)
    webhook.answer = {"allowed": False, "status": said}
    answer = deployments.request("POST", DEPLOYMENTS, deployment())
    assert answer.status == code
    assert answer.body["message"] == f'admission webhook "mesh.example.net" {message}'


def test_a_webhook_that_cannot_be_reached_fails_the_request_or_is_ignored(deployments, webhook):
    client = {"url": "https://127.0.0.1:1/", "caBundle": ""}
    install(deployments, webhook, clientConfig=client)
    answer = deployments.request("POST", DEPLOYMENTS, deployment())
    assert answer.status == 500
    assert answer.body["message"].startswith(
        'Internal error occurred: failed calling webhook "mesh.example.net": failed to call webhook: '
    )
    deployments.request("DELETE", CONFIGURATIONS)
    install(deployments, webhook, clientConfig=client, failurePolicy="Ignore")
    assert deployments.request("POST", DEPLOYMENTS, deployment()).status == 201


@pytest.mark.parametrize(
    "rules",
    [
        {"operations": ["DELETE"], "apiGroups": ["*"], "apiVersions": ["*"], "resources": ["*"]},
        {"operations": ["*"], "apiGroups": [""], "apiVersions": ["*"], "resources": ["*"]},
        {"operations": ["*"], "apiGroups": ["*"], "apiVersions": ["v2"], "resources": ["*"]},
        {"operations": ["*"], "apiGroups": ["*"], "apiVersions": ["*"], "resources": ["deployments/scale"]},
    ],
)
def test_a_webhook_is_called_for_nothing_that_its_rules_do_not_name(deployments, webhook, rules):
    install(deployments, webhook, rules=[rules])
    deployments.request("POST", DEPLOYMENTS, deployment())
    assert [review["resource"]["resource"] for review in webhook.reviews if review["name"] == "web"] == []


def test_selectors_choose_objects_and_namespaces(deployments, webhook):
    install(
        deployments,
        webhook,
        objectSelector={"matchLabels": {"mesh": "on"}},
        namespaceSelector={"matchLabels": {"kubernetes.io/metadata.name": "default"}},
    )
    deployments.request("POST", f"{DEPLOYMENTS}?dryRun=All", deployment(mesh="off"))
    assert webhook.reviews == []
    deployments.request("POST", f"{DEPLOYMENTS}?dryRun=All", deployment(mesh="on"))
    assert len(webhook.reviews) == 1
