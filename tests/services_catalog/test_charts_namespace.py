"""The namespace's chart: guard rails, access, and the account that applies everything else."""

from __future__ import annotations

import json

import pytest

from portal.core.objects import key_of
from tests.services_catalog.rendered_charts import CASES, case_of, documents_of, one, rendered


def test_a_namespace_is_closed_limited_and_labelled():
    documents = documents_of(case_of("namespace", example="dev"))
    namespace = one(documents, "Namespace")
    assert namespace["metadata"]["name"] == "storefront-dev"
    levels = {key.rpartition("/")[2]: value for key, value in namespace["metadata"]["labels"].items()}
    assert levels["enforce"] == levels["audit"] == levels["warn"] == "restricted"
    deny = one(documents, "NetworkPolicy", "default-deny")["spec"]
    assert deny == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    hard = one(documents, "ResourceQuota")["spec"]["hard"]
    assert (hard["requests.cpu"], hard["services.nodeports"], hard["services.loadbalancers"]) == (
        "4",
        "0",
        "0",
    )
    limits = one(documents, "LimitRange")["spec"]["limits"][0]
    assert set(limits) == {"type", "default", "defaultRequest", "max"}


@pytest.mark.parametrize(
    ("environment", "role"), [("dev", "edit"), ("staging", "view"), ("production", "view")]
)
def test_developers_edit_in_dev_and_look_elsewhere(environment, role):
    documents = documents_of(case_of("namespace", example="dev", environment=environment))
    binding = one(documents, "RoleBinding", f"developers-{role}")
    assert binding["roleRef"]["name"] == role
    assert [subject["name"] for subject in binding["subjects"]] == ["slipway:team:shop"]


def test_the_deployer_may_do_what_our_charts_need_and_no_more():
    role = one(documents_of(case_of("namespace", example="dev")), "Role")
    writable = {
        (group, resource)
        for rule in role["rules"]
        if "create" in rule["verbs"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
    }
    needed = {("", "secrets")}  # Helm keeps its releases there
    for case in CASES:
        if case.offering.slug != "namespace":
            for document in rendered(case):
                kind = document["kind"].lower()
                plural = (
                    kind[:-1] + "ies" if kind.endswith("y") else kind + ("es" if kind.endswith("s") else "s")
                )
                needed.add((key_of(document).group, plural))
    assert needed <= writable
    assert writable - needed == set()
    text = json.dumps(role["rules"])
    for never in (
        "*",
        "rbac",
        "resourcequotas",
        "limitranges",
        "namespaces",
        "impersonate",
        "escalate",
        "bind",
        "exec",
    ):
        assert f'"{never}' not in text


@pytest.mark.parametrize(("plan", "label", "gpus"), [("small", None, "0"), ("training", "training", "16")])
def test_gpus_are_for_namespaces_with_a_class(plan, label, gpus):
    documents = documents_of(case_of("namespace", plan=plan, example="dev"))
    assert one(documents, "Namespace")["metadata"]["labels"].get("slipway.dev/hpc-class") == label
    assert one(documents, "ResourceQuota")["spec"]["hard"]["requests.nvidia.com/gpu"] == gpus
