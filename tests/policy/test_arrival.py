"""What the API server writes into an object before policies see it, as recordings and its source show."""

from __future__ import annotations

import json
from typing import Any

import pytest

from portal.core.objects import ObjectKey
from portal.policy import apply_defaults, load_bundle
from portal.policy.arrival import ADDRESS, created, existing, updated
from tests.policy.scenes import DATA, config_map, deployment, judge, outcomes, pod_spec, policy
from tests.policy.scenes import binding as bind

EVERYTHING = {"apiGroups": ["*"], "apiVersions": ["*"], "resources": ["*"]}


# a LimitRange and a definition's schema had their say, or nothing is stored
OTHERS_HAD_A_SAY = {"limitrange-defaults", "cr-create", "ssar"}
RECORDED = [
    exchange
    for exchange in json.loads((DATA / "api-exchanges.json").read_text())
    if (exchange["request"]["method"], exchange["response"]["status"]) == ("POST", 201)
    and exchange["step"] not in OTHERS_HAD_A_SAY
]
# a cluster's own, and of no use to a policy
OWN = {"uid", "creationTimestamp", "managedFields", "resourceVersion", "namespace", "name"}


@pytest.mark.parametrize("exchange", RECORDED, ids=lambda exchange: exchange["step"])
def test_created_objects_are_those_of_the_recording(exchange: dict[str, Any]) -> None:
    recorded = exchange["response"]["body"]
    arrived = created(apply_defaults(exchange["request"]["body"]))
    known = {key: value for key, value in recorded["metadata"].items() if key not in OWN}
    assert {key: value for key, value in arrived["metadata"].items() if key not in OWN} == known
    for part in {*recorded, *arrived} - {"metadata"}:
        if recorded["kind"] == "Service" and part == "spec":
            address = {key: arrived["spec"][key] for key in ("clusterIP", "clusterIPs")}
            assert arrived["spec"] == {**recorded["spec"], **address}
        else:
            assert arrived.get(part) == recorded.get(part)


def _created(api_version: str, kind: str, **parts: Any) -> dict[str, Any]:
    return created(
        apply_defaults({"apiVersion": api_version, "kind": kind, "metadata": {"name": "x"}, **parts})
    )


def test_a_new_object_has_an_identity() -> None:
    metadata = created(config_map())["metadata"]
    assert metadata["uid"]
    assert metadata["creationTimestamp"].endswith("Z")
    assert "resourceVersion" not in metadata


def test_identity_of_ones_own_is_not_taken_over() -> None:
    own = {"name": "x", "deletionTimestamp": "2020-01-01T00:00:00Z", "uid": "mine"}
    metadata = created({**config_map(), "metadata": own})["metadata"]
    assert metadata["uid"] != "mine"
    assert "deletionTimestamp" not in metadata


def test_a_name_is_generated_when_asked_for() -> None:
    metadata = created({**config_map(), "metadata": {"generateName": "gen-"}})["metadata"]
    assert metadata["name"].startswith("gen-")
    assert len(metadata["name"]) == len("gen-") + 5


@pytest.mark.parametrize(
    ("api_version", "kind", "generation"),
    [
        ("v1", "ConfigMap", None),
        ("v1", "Service", None),
        ("v1", "Pod", 1),
        ("apps/v1", "Deployment", 1),
        ("lab.example.com/v1", "Widget", 1),
    ],
)
def test_generations_are_counted_where_the_server_counts_them(
    api_version: str, kind: str, generation: int | None
) -> None:
    assert _created(api_version, kind)["metadata"].get("generation") == generation


@pytest.mark.parametrize(
    ("api_version", "kind", "parts", "status"),
    [
        ("apps/v1", "Deployment", {"status": {"replicas": 9}}, {}),
        ("apps/v1", "ReplicaSet", {}, {"replicas": 0}),
        ("v1", "Pod", {"spec": pod_spec()}, {"phase": "Pending", "qosClass": "BestEffort"}),
        ("v1", "Namespace", {}, {"phase": "Active"}),
        ("v1", "Service", {}, {"loadBalancer": {}}),
        ("v1", "PersistentVolumeClaim", {}, {"phase": "Pending"}),
    ],
)
def test_the_status_is_the_servers(
    api_version: str, kind: str, parts: dict[str, Any], status: dict[str, Any]
) -> None:
    assert _created(api_version, kind, **parts)["status"] == status


def test_a_kind_without_status_gets_none() -> None:
    assert "status" not in _created("v1", "ConfigMap")
    assert "status" not in _created("lab.example.com/v1", "Widget")


@pytest.mark.parametrize(
    ("resources", "quality"),
    [
        ({}, "BestEffort"),
        ({"requests": {"cpu": "1"}}, "Burstable"),
        ({"limits": {"cpu": "1"}}, "Burstable"),
        ({"limits": {"cpu": "1", "memory": "1Gi"}}, "Guaranteed"),
        ({"limits": {"cpu": "1", "memory": "1Gi"}, "requests": {"cpu": "500m"}}, "Burstable"),
        ({"requests": {"cpu": "0"}}, "BestEffort"),
    ],
)
def test_the_quality_of_service_follows_from_the_resources(resources: dict[str, Any], quality: str) -> None:
    pod = _created("v1", "Pod", spec=pod_spec(resources=resources))
    assert pod["status"]["qosClass"] == quality


def test_a_service_has_its_address_when_policies_see_it() -> None:
    assert _created("v1", "Service", spec={"ports": [{"port": 80}]})["spec"]["clusterIPs"] == [ADDRESS]
    assert _created("v1", "Service", spec={"clusterIP": "None"})["spec"]["clusterIP"] == "None"
    outside = _created("v1", "Service", spec={"type": "NodePort", "ports": [{"port": 80}]})
    assert outside["spec"]["ports"][0]["nodePort"]
    named = _created("v1", "Service", spec={"type": "ExternalName", "externalName": "example.com"})
    assert "clusterIP" not in named["spec"]


def test_a_job_gets_a_selector_and_its_pods_the_labels_for_it() -> None:
    template = {"metadata": {"labels": {"app": "web"}}, "spec": pod_spec()}
    job = _created("batch/v1", "Job", spec={"template": template})
    labels = job["spec"]["template"]["metadata"]["labels"]
    assert (labels["app"], labels["job-name"], labels["batch.kubernetes.io/job-name"]) == ("web", "x", "x")
    assert job["spec"]["selector"]["matchLabels"].items() <= labels.items()
    manual = _created("batch/v1", "Job", spec={"template": template, "manualSelector": True})
    assert manual["spec"]["template"]["metadata"]["labels"] == {"app": "web"}


def test_claims_are_protected_and_daemon_sets_count_their_templates() -> None:
    assert _created("v1", "PersistentVolumeClaim")["metadata"]["finalizers"] == [
        "kubernetes.io/pvc-protection"
    ]
    annotations = _created("apps/v1", "DaemonSet")["metadata"]["annotations"]
    assert annotations == {"deprecated.daemonset.template.generation": "1"}


@pytest.mark.parametrize(
    ("annotation", "profile"),
    [
        ("unconfined", {"type": "Unconfined"}),
        ("runtime/default", {"type": "RuntimeDefault"}),
        ("localhost/web", {"type": "Localhost", "localhostProfile": "web"}),
        ("localhost/", None),
        ("made-up", None),
    ],
)
def test_an_apparmor_annotation_becomes_a_field(annotation: str, profile: dict[str, str] | None) -> None:
    metadata = {
        "name": "x",
        "annotations": {"container.apparmor.security.beta.kubernetes.io/web": annotation},
    }
    pod = _created("v1", "Pod", metadata=metadata, spec=pod_spec())
    assert pod["spec"]["containers"][0].get("securityContext", {}).get("appArmorProfile") == profile
    own = pod_spec(securityContext={"appArmorProfile": {"type": "RuntimeDefault"}})
    said = _created("v1", "Pod", metadata=metadata, spec=own)["spec"]["containers"][0]["securityContext"]
    assert said["appArmorProfile"] == {"type": "RuntimeDefault"}


def test_a_claim_says_in_both_ways_where_its_data_come_from() -> None:
    source = {"kind": "PersistentVolumeClaim", "name": "old"}
    spec = _created("v1", "PersistentVolumeClaim", spec={"dataSource": source})["spec"]
    assert spec["dataSourceRef"] == spec["dataSource"]
    elsewhere = {**source, "namespace": "other"}
    assert (
        "dataSource" not in _created("v1", "PersistentVolumeClaim", spec={"dataSourceRef": elsewhere})["spec"]
    )


def test_a_gated_pod_says_so() -> None:
    pod = _created("v1", "Pod", spec={**pod_spec(), "schedulingGates": [{"name": "wait"}]})
    assert pod["status"]["conditions"][0]["reason"] == "SchedulingGated"


def test_an_update_keeps_identity_and_status_and_counts_a_change() -> None:
    before = existing(
        {
            **apply_defaults(deployment()),
            "metadata": {"name": "web", "uid": "u", "resourceVersion": "7", "generation": 3},
            "status": {"replicas": 1},
        }
    )
    same = updated(apply_defaults(deployment()), before)
    assert (same["metadata"]["uid"], same["metadata"]["resourceVersion"]) == ("u", "7")
    assert (same["metadata"]["generation"], same["status"]) == (3, {"replicas": 1})
    other = updated(apply_defaults(deployment(image="registry.example.com/shop/web:2")), before)
    assert other["metadata"]["generation"] == 4


def test_malformed_objects_are_left_for_the_schema_to_refuse() -> None:
    for kind, spec in (("Job", {"template": []}), ("Service", "text"), ("CustomResourceDefinition", [1])):
        document = {"apiVersion": "v1", "kind": kind, "metadata": {"name": "x"}, "spec": spec}
        assert created(document)["kind"] == kind


def test_judged_documents_carry_it_too() -> None:
    expression = "has(object.metadata.uid) && has(object.status) && object.metadata.generation == 1"
    bundle = load_bundle([policy("p", expression, rule=EVERYTHING), bind("p")])
    # the Deployment, and the Pod that it would create
    assert outcomes(judge(bundle, deployment())) == ["pass", "pass"]


def test_a_judged_update_is_one_of_what_is_there() -> None:
    there = {
        **config_map("settings", a="1"),
        "metadata": {"name": "settings", "namespace": "shop", "uid": "u"},
    }
    bundle = load_bundle([policy("p", "object.metadata.uid == oldObject.metadata.uid"), bind("p")])
    old = {ObjectKey("v1", "ConfigMap", "shop", "settings"): there}
    assert outcomes(judge(bundle, config_map("settings", a="2"), old=old)) == ["pass"]
