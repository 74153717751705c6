"""What helm 3.19 and 4.3 say, word for word, and what it means to us."""

# ruff: noqa: E501 the messages as they are

from __future__ import annotations

import pytest

from portal.clusters import errors
from portal.clusters.helm_errors import ReleaseNotFound, classify

FORBIDDEN = (
    'Error: UPGRADE FAILED: secrets is forbidden: User "system:serviceaccount:a:d" cannot list resource "secrets"'
    ' in API group "" in the namespace "b"'
)
QUOTA = (
    'Error: INSTALLATION FAILED: persistentvolumeclaims "data" is forbidden: exceeded quota: compute, requested:'
    " requests.storage=10Gi, used: requests.storage=5Gi, limited: requests.storage=10Gi"
)
PODSECURITY = (
    'Error: UPGRADE FAILED: pods "p" is forbidden: violates PodSecurity "restricted:latest": privileged'
    ' (container "c" must not set securityContext.privileged=true)'
)
POLICY = (
    "Error: UPGRADE FAILED: deployments.apps \"web\" is forbidden: ValidatingAdmissionPolicy 'no-latest' with"
    " binding 'no-latest' denied request: image web:latest has no fixed version"
)
WEBHOOK = 'Error: admission webhook "validate.example.com" denied the request: connection refused by policy'
OWNED = (
    'Error: Unable to continue with install: Service "web" in namespace "a" exists and cannot be imported into the'
    " current release: invalid ownership metadata; label validation error"
)
ESCALATION = (
    'Error: roles.rbac.authorization.k8s.io "r" is forbidden: user "x" (groups=["y"]) is attempting to grant RBAC'
    " permissions not currently held"
)
SCHEMA = (
    "Error: values don't meet the specifications of the schema(s) in the following chart(s):\nweb:\n"
    "- at '/replicas': got string, want integer\n"
)
SAID = {
    "a hook that cannot be looked at": (
        "Error: UPGRADE FAILED: pre-upgrade hooks failed: resource Job/shop/web-hook not ready. status: Unknown, message: ",
        errors.ClusterTrouble,
    ),
    "no release": ("Error: release: not found", ReleaseNotFound),
    "nothing to uninstall": (
        "Error: uninstall: Release not loaded: web: release: not found",
        ReleaseNotFound,
    ),
    "locked": (
        "Error: UPGRADE FAILED: another operation (install/upgrade/rollback) is in progress",
        errors.ReleaseLocked,
    ),
    "refused connection": (
        'Error: Kubernetes cluster unreachable: Get "https://127.0.0.1:1/version": dial tcp 127.0.0.1:1: connect:'
        " connection refused",
        errors.ClusterUnreachable,
    ),
    "certificate": (
        'Error: Kubernetes cluster unreachable: Get "https://a": tls: failed to verify certificate: x509:'
        " certificate signed by unknown authority",
        errors.ClusterUnreachable,
    ),
    "etcd": ("Error: UPGRADE FAILED: etcdserver: leader changed", errors.ClusterUnreachable),
    "not ready": (
        "Error: the server is currently unable to handle the request (get deployments.apps web)",
        errors.ClusterUnreachable,
    ),
    "rbac": (FORBIDDEN, errors.ClusterForbidden),
    "rbac escalation": (ESCALATION, errors.ClusterForbidden),
    "credentials": (
        "Error: query: failed to query with labels: the server has asked for the client to provide credentials",
        errors.ClusterForbidden,
    ),
    "quota": (QUOTA, errors.ClusterRefused),
    "pod security": (PODSECURITY, errors.ClusterRefused),
    "admission policy": (POLICY, errors.ClusterRefused),
    "admission webhook": (WEBHOOK, errors.ClusterRefused),
    "invalid": (
        'Error: UPGRADE FAILED: Service "web" is invalid: spec.ports[0].port: Invalid value: 0',
        errors.ClusterRefused,
    ),
    "unknown kind": (
        'Error: unable to build kubernetes objects from release manifest: resource mapping not found for name: "x"'
        ' namespace: "" from "": no matches for kind "X" in version "y/v1"\nensure CRDs are installed first',
        errors.ClusterRefused,
    ),
    "unknown field": (
        'Error: failed to create resource: Deployment in version "v1" cannot be handled as a Deployment: strict'
        ' decoding error: unknown field "spec.replica"',
        errors.ClusterRefused,
    ),
    "no namespace": ('Error: create: failed to create: namespaces "a" not found', errors.ClusterRefused),
    "apply conflict": (
        "Error: UPGRADE FAILED: conflict occurred while applying object a/web apps/v1, Kind=Deployment: Apply failed"
        ' with 1 conflict: conflict with "kubectl" using apps/v1: .spec.replicas',
        errors.ClusterConflict,
    ),
    "owned by another": (OWNED, errors.ClusterConflict),
    "schema": (SCHEMA, errors.ChartDoesNotRender),
    "template": (
        "Error: UPGRADE FAILED: template: web/templates/a.yaml:3:4: executing: nil pointer evaluating",
        errors.ChartDoesNotRender,
    ),
    "fail that quotes a cluster": (
        "Error: execution error at (web/templates/a.yaml:1:2): connection refused",
        errors.ChartDoesNotRender,
    ),
    "hook timeout": (
        "Error: UPGRADE FAILED: pre-upgrade hooks failed: timed out waiting for the condition",
        errors.HelmTimeout,
    ),
    "hook": (
        "Error: UPGRADE FAILED: pre-upgrade hooks failed: 1 error occurred:\n\t* job web failed:"
        " BackoffLimitExceeded\n\n",
        errors.HelmFailed,
    ),
    "record deleted by hand": (
        'Error: UPGRADE FAILED: update: failed to update: secrets "sh.helm.release.v1.web.v2" not found',
        errors.ClusterBusy,
    ),
    "nothing": ("", errors.HelmFailed),
}


@pytest.mark.parametrize(("said", "error"), SAID.values(), ids=SAID.keys())
def test_what_helm_said_becomes_one_of_our_errors(said, error):
    found = classify(said)
    assert type(found) is error, found.message
    assert found.message


def test_the_clusters_words_are_passed_on_without_helms():
    assert classify(POLICY).message.startswith(
        'deployments.apps "web" is forbidden: ValidatingAdmissionPolicy'
    )
    assert classify(SCHEMA).message.endswith("- at '/replicas': got string, want integer")


def test_log_lines_and_hints_are_left_out():
    said = (
        "WARNING: Kubernetes configuration file is group-readable.\n"
        'level=DEBUG msg="getting history" release=web\n'
        "Error: UPGRADE FAILED: boom\n"
        "helm.go:92: [debug] boom\nUse --debug flag to render out invalid YAML\n"
    )
    assert classify(said).message == "boom"


def test_an_error_that_the_debug_log_repeats_is_said_once():
    said = "Error: 1 error occurred:\n\t* no\n\n\nhelm.go:92: 2026 +0000 UTC m=+1 [debug] 1 error occurred:\n\t* no\n"
    assert classify(said).message == "1 error occurred:\n\t* no"


def test_secret_values_are_masked():
    assert (
        "hunter2"
        not in classify("Error: boom hunter2", conceal=lambda text: text.replace("hunter2", "x")).message
    )
