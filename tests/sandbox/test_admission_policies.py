"""Policies that the cluster enforces: Pod Security labels and stored ValidatingAdmissionPolicies."""

import pytest

from portal.sandbox.statuses import ApiError
from tests.sandbox.living import LivingCluster

POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: a, image: x}]}"
POLICY = """
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {{name: few}}
spec:
  failurePolicy: Fail
  matchConstraints:
    resourceRules:
    - {{apiGroups: [apps], apiVersions: [v1], operations: [CREATE, UPDATE], resources: [deployments]}}
  validations:
  - {{expression: "{expression}", message: at most 5 replicas}}
"""
BINDING = """
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {{name: few}}
spec: {{policyName: few, validationActions: [{action}]}}
"""
DEPLOYMENT = """
apiVersion: apps/v1
kind: Deployment
metadata: {{name: web}}
spec:
  replicas: {replicas}
  selector: {{matchLabels: {{a: b}}}}
  template: {{metadata: {{labels: {{a: b}}}}, spec: {{containers: [{{name: a, image: x}}]}}}}
"""


def label_namespace(cluster: LivingCluster, **levels: str) -> None:
    namespace = cluster.get("v1", "Namespace", "team")
    labels = {f"pod-security.kubernetes.io/{mode}": level for mode, level in levels.items()}
    cluster.change(namespace, lambda obj: obj["metadata"]["labels"].update(labels))


def test_enforced_level_refuses_a_pod_with_every_reason(cluster: LivingCluster) -> None:
    label_namespace(cluster, enforce="baseline")
    with pytest.raises(ApiError) as refusal:
        cluster.create(POD.replace("image: x}", "image: x, securityContext: {privileged: true}}"))
    assert refusal.value.message == (
        'pods "p" is forbidden: violates PodSecurity "baseline:latest": privileged (container "a" must not '
        "set securityContext.privileged=true)"
    )
    cluster.create(POD)


def test_warned_level_only_warns_also_about_templates(cluster: LivingCluster) -> None:
    label_namespace(cluster, warn="restricted")
    cluster.create(POD)
    assert cluster.warnings[0].startswith(
        'would violate PodSecurity "restricted:latest": allowPrivilegeEscalation'
    )
    cluster.create(DEPLOYMENT.format(replicas=1))
    assert cluster.warnings[0].startswith(
        'would violate PodSecurity "restricted:latest": allowPrivilegeEscalation'
    )


def test_unknown_level_is_refused(cluster: LivingCluster) -> None:
    with pytest.raises(ApiError, match="must be one of privileged, baseline, restricted"):
        label_namespace(cluster, enforce="strict")


def test_stored_policy_denies_what_its_binding_says(cluster: LivingCluster) -> None:
    cluster.create(POLICY.format(expression="object.spec.replicas <= 5"))
    cluster.create(DEPLOYMENT.format(replicas=9).replace("name: web", "name: before-the-binding"))
    cluster.create(BINDING.format(action="Deny"))
    with pytest.raises(ApiError) as refusal:
        cluster.create(DEPLOYMENT.format(replicas=9))
    assert refusal.value.message == (
        "deployments.apps \"web\" is forbidden: ValidatingAdmissionPolicy 'few' with binding 'few' denied "
        "request: at most 5 replicas"
    )
    made = cluster.create(DEPLOYMENT.format(replicas=2))
    with pytest.raises(ApiError, match="at most 5 replicas"):
        cluster.change(cluster.fresh(made), lambda obj: obj["spec"].update(replicas=6))


def test_warning_binding_lets_through_and_warns(cluster: LivingCluster) -> None:
    cluster.create(POLICY.format(expression="object.spec.replicas <= 5"))
    cluster.create(BINDING.format(action="Warn"))
    cluster.create(DEPLOYMENT.format(replicas=9))
    assert cluster.warnings == [
        "Validation failed for ValidatingAdmissionPolicy 'few' with binding 'few': at most 5 replicas"
    ]


def test_removed_policy_no_longer_judges(cluster: LivingCluster) -> None:
    cluster.create(POLICY.format(expression="object.spec.replicas <= 5"))
    binding = cluster.create(BINDING.format(action="Deny"))
    cluster.delete(binding)
    cluster.create(DEPLOYMENT.format(replicas=9))


def test_policy_that_does_not_compile_is_refused_with_its_place(cluster: LivingCluster) -> None:
    with pytest.raises(ApiError) as refusal:
        cluster.create(POLICY.format(expression="object.spec.replicas <"))
    assert refusal.value.code == 422
    assert refusal.value.details["causes"][0]["field"] == "spec.validations[0].expression"


def test_writer_of_a_webhook_hears_that_it_is_never_called(cluster: LivingCluster) -> None:
    cluster.create(
        "apiVersion: admissionregistration.k8s.io/v1\nkind: ValidatingWebhookConfiguration\n"
        "metadata: {name: hook}\nwebhooks: []"
    )
    assert cluster.warnings == [
        "the sandbox cluster stores this ValidatingWebhookConfiguration but calls no webhooks"
    ]
