"""Small policies, objects and namespaces that the tests of the policy engine speak in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from portal.policy import Bundle, Judgement, UserInfo, load_bundle
from portal.policy.judging import SCHEMA

POLICIES = Path(__file__).parents[2] / "policies"
DATA = Path(__file__).parents[1] / "data"
ALICE = UserInfo("alice", ("slipway:team:shop", "system:authenticated"))

PODS = {"apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"]}
CONFIG_MAPS = {"apiGroups": [""], "apiVersions": ["v1"], "resources": ["configmaps"]}
DEPLOYMENTS = {"apiGroups": ["apps"], "apiVersions": ["v1"], "resources": ["deployments"]}
EVERYTHING = {"apiGroups": ["*"], "apiVersions": ["*"], "resources": ["*"]}


def policy(
    name: str, *expressions: str | dict[str, Any], rule: dict[str, Any] = CONFIG_MAPS, **spec: Any
) -> dict:
    validations = [{"expression": e} if isinstance(e, str) else e for e in expressions]
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingAdmissionPolicy",
        "metadata": {"name": name},
        "spec": {
            "matchConstraints": {"resourceRules": [{"operations": ["*"], **rule}]},
            "validations": validations,
            **spec,
        },
    }


def binding(name: str, *actions: str, **spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingAdmissionPolicyBinding",
        "metadata": {"name": spec.pop("named", name)},
        "spec": {"policyName": name, "validationActions": list(actions or ("Deny",)), **spec},
    }


def bundle_of(*expressions: str | dict[str, Any], rule: dict[str, Any] = CONFIG_MAPS, **spec: Any) -> Bundle:
    """One policy called "p", enforced everywhere."""
    return load_bundle([policy("p", *expressions, rule=rule, **spec), binding("p")])


def namespace(environment: str = "dev", name: str = "shop", **labels: str) -> dict[str, Any]:
    labels = {"kubernetes.io/metadata.name": name, **labels}
    if environment:
        labels["slipway.dev/environment"] = environment
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}


def config_map(name: str = "settings", **data: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}


def pod_spec(**container: Any) -> dict[str, Any]:
    return {"containers": [{"name": "web", "image": "registry.example.com/shop/web:1.2.3", **container}]}


def deployment(name: str = "web", **container: Any) -> dict[str, Any]:
    template = {"metadata": {"labels": {"app": name}}, "spec": pod_spec(**container)}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {"selector": {"matchLabels": {"app": name}}, "template": template},
    }


def judge(bundle: Bundle, *documents: Any, environment: str = "dev", **options: Any) -> Judgement:
    """What policies say. What the schema says has tests of its own: these objects are as short as can be."""
    judgement = bundle.judge(list(documents), namespace=namespace(environment), user=ALICE, **options)
    return Judgement(tuple(verdict for verdict in judgement.verdicts if verdict.policy != SCHEMA))


def outcomes(judgement: Judgement) -> list[str]:
    return [verdict.outcome for verdict in judgement.verdicts]
