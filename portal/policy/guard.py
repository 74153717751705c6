"""The guard around the gate: policies that let only the portal write what the portal has written.

Three policies, the same for all environments, and for each mode the bindings that say where it holds:

`slipway-gate-objects`     what Helm wrote, Helm's own records, and every `scale`
`slipway-gate-namespaces`  the namespaces themselves, and the label that puts them into an environment
`slipway-gate-deployer`    becoming the portal's deployer by a pod or a token

An object is managed when it, or what it was before, has Helm's label and annotation, or is Helm's record of a
release. A Scale shows nothing of the object behind it, so all of them count as managed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from portal.policy.documents import API_GROUP, BINDING_KIND, POLICY_KIND
from portal.policy.guard_actors import CONTROL_PLANE, DEPLOYER, NODES
from portal.policy.types import ENVIRONMENT_LABEL, Document

GuardMode = Literal["audit", "deny"]

OBJECTS, NAMESPACES, DEPLOYERS = "slipway-gate-objects", "slipway-gate-namespaces", "slipway-gate-deployer"
POLICIES = (OBJECTS, NAMESPACES, DEPLOYERS)
LABELS = {"app.kubernetes.io/managed-by": "slipway", "app.kubernetes.io/part-of": "slipway-gate"}
# audit also warns, so that people learn what will be refused before it is
ACTIONS: Mapping[GuardMode, tuple[str, ...]] = {"audit": ("Warn", "Audit"), "deny": ("Deny",)}
WRITES = ("CREATE", "UPDATE", "DELETE")

TOKEN_TYPE = "kubernetes.io/service-account-token"  # noqa: S105 a type, not a token
ACCOUNT_OF_TOKEN = "kubernetes.io/service-account.name"  # noqa: S105 an annotation's name
SUBRESOURCE = "request.?subResource.orValue('')"
NAMESPACE = "request.?namespace.orValue('')"
MANAGED = (
    "[object, oldObject].exists(o, o != null && ("
    "(request.resource.resource == 'secrets' && o.?type.orValue('') == 'helm.sh/release.v1') || "
    "o.?metadata.?labels[?'owner'].orValue('') == 'helm' || "
    "(o.?metadata.?labels[?'app.kubernetes.io/managed-by'].orValue('') == 'Helm' && "
    "o.?metadata.?annotations[?'meta.helm.sh/release-name'].hasValue())))"
)
# recorded in another namespace: written with the namespace itself, which is the portal's own work
FROM_ELSEWHERE = (
    "[object, oldObject].exists(o, o != null && "
    "o.?metadata.?annotations[?'meta.helm.sh/release-namespace'].orValue(variables.place) "
    "!= variables.place)"
)
# a status says how things are, and not how they shall be
STATUS_ALONE = f"{SUBRESOURCE} == 'status' && object != null && oldObject != null && " + " && ".join(
    f"object.metadata.?{field}.orValue({empty}) == oldObject.metadata.?{field}.orValue({empty})"
    for field, empty in (
        ("labels", "{}"),
        ("annotations", "{}"),
        ("finalizers", "[]"),
        ("ownerReferences", "[]"),
    )
)
REFUSAL = (
    "request.userInfo.username + ' may not ' + request.operation.lowerAscii() + ' ' + "
    "request.resource.resource + (variables.part == '' ? '' : '/' + variables.part) + ' ' + variables.name + "
)
ADVICE = (
    " Nothing was changed. Ask for the change in the portal, where it is decided at the gate; in an "
    "emergency the portal has a way that does not wait."
)


def guard_documents(
    environments: Sequence[str],
    portal_users: Sequence[str],
    mode: GuardMode,
    controllers: Sequence[str] = (),
) -> list[dict[str, Any]]:
    """The policies, and bindings that put these environments into `mode`; nothing without environments.

    `portal_users` are the names by which clusters know the portal itself, `controllers` those of operators
    that a cluster has beyond Kubernetes' own. The policies of two modes are the same documents.
    """
    if not environments:
        return []
    portal, others = sorted(set(portal_users)), sorted({*CONTROL_PLANE, *controllers})
    policies = [_objects(portal, others), _namespaces(portal, others), _deployer(others)]
    return [*policies, *_bindings(sorted(set(environments)), mode)]


def _objects(portal: Sequence[str], controllers: Sequence[str]) -> dict[str, Any]:
    said = (
        "' in ' + variables.place + ': this environment is gated, and ' + (variables.part == 'scale' "
        "? 'sizes are set' : 'what Helm wrote is changed') + ' only through the portal.' + "
    )
    return _policy(
        OBJECTS,
        rules=[_rule(["*"], ["*"], ["*/*"], WRITES, "Namespaced")],
        condition=("managed-or-scaled", f"{SUBRESOURCE} == 'scale' || {MANAGED}"),
        variables={
            **_actors(portal, controllers),
            "place": NAMESPACE,
            "deployer": f"variables.who == 'system:serviceaccount:' + variables.place + ':{DEPLOYER}'",
            "elsewhere": FROM_ELSEWHERE,
        },
        expression="variables.portal || variables.controller || variables.statusAlone || "
        "(variables.deployer && !variables.elsewhere)",
        message="Only the portal changes this: the environment is gated." + ADVICE,
        said=said,
    )


def _namespaces(portal: Sequence[str], controllers: Sequence[str]) -> dict[str, Any]:
    return _policy(
        NAMESPACES,
        rules=[_rule([""], ["*"], ["namespaces", "namespaces/*"], WRITES, "*")],
        condition=None,
        variables=_actors(portal, controllers),
        expression="variables.portal || variables.controller || variables.statusAlone",
        message="Only the portal changes this namespace: its environment is gated." + ADVICE,
        said="': it belongs to a gated environment, whose namespaces only the portal changes.' + ",
    )


def _deployer(controllers: Sequence[str]) -> dict[str, Any]:
    """Nobody at all: the portal takes the deployer's name by impersonation, never as a pod or by a token."""
    name = _text(DEPLOYER)
    account = f"object.?metadata.?annotations[?{_text(ACCOUNT_OF_TOKEN)}].orValue('')"
    ways = (
        f"(request.resource.resource == 'pods' && object.?spec.?serviceAccountName.orValue('') == {name})",
        f"(request.resource.resource == 'serviceaccounts' && request.?name.orValue('') == {name})",
        f"(request.resource.resource == 'secrets' && object.?type.orValue('') == {_text(TOKEN_TYPE)} && "
        f"{account} == {name})",
    )
    return _policy(
        DEPLOYERS,
        rules=[
            _rule([""], ["*"], ["pods", "serviceaccounts/token"], ["CREATE"], "Namespaced"),
            _rule([""], ["*"], ["secrets"], ["CREATE", "UPDATE"], "Namespaced"),
        ],
        condition=("becomes-the-deployer", " || ".join(ways)),
        variables=_actors([], controllers),
        # filling in a token that was asked for before
        expression="variables.controller && request.operation == 'UPDATE'",
        message=f"In a gated environment nobody else becomes {DEPLOYER}." + ADVICE,
        said=f"': in a gated environment nothing runs or acts as {DEPLOYER} but the portal.' + ",
    )


def _actors(portal: Sequence[str], controllers: Sequence[str]) -> dict[str, str]:
    """Variables about who asks, and about what every message names."""
    nodes = f"request.userInfo.?groups.orValue([]).exists(group, group == {_text(NODES)})"
    return {
        "who": "request.userInfo.username",
        "part": SUBRESOURCE,
        "name": "request.?name.orValue(oldObject == null ? '' : oldObject.metadata.name)",
        "portal": f"variables.who in {_texts(portal)}",
        "controller": f"variables.who in {_texts(controllers)} || {nodes}",
        "statusAlone": STATUS_ALONE,
    }


def _policy(
    name: str,
    *,
    rules: Sequence[Mapping[str, Any]],
    condition: tuple[str, str] | None,
    variables: Mapping[str, str],
    expression: str,
    message: str,
    said: str,
) -> dict[str, Any]:
    conditions = [{"name": condition[0], "expression": condition[1]}] if condition else []
    validation = {
        "expression": expression,
        "message": message,
        "messageExpression": f"{REFUSAL}{said}{_text(ADVICE)}",
        "reason": "Forbidden",
    }
    return {
        "apiVersion": f"{API_GROUP}/v1",
        "kind": POLICY_KIND,
        "metadata": {"name": name, "labels": dict(LABELS)},
        "spec": {
            "failurePolicy": "Fail",
            "matchConstraints": {"resourceRules": list(rules)},
            **({"matchConditions": conditions} if conditions else {}),
            "variables": [{"name": key, "expression": text} for key, text in variables.items()],
            "validations": [validation],
        },
    }


def _bindings(environments: Sequence[str], mode: GuardMode) -> list[dict[str, Any]]:
    """A namespace is chosen by what it is or was, so that taking its label away is seen too."""
    within = {
        "matchExpressions": [{"key": ENVIRONMENT_LABEL, "operator": "In", "values": list(environments)}]
    }
    selectors = {OBJECTS: "namespaceSelector", NAMESPACES: "objectSelector", DEPLOYERS: "namespaceSelector"}
    return [
        {
            "apiVersion": f"{API_GROUP}/v1",
            "kind": BINDING_KIND,
            "metadata": {"name": f"{policy}-{mode}", "labels": dict(LABELS)},
            "spec": {
                "policyName": policy,
                "validationActions": list(ACTIONS[mode]),
                "matchResources": {selector: within},
            },
        }
        for policy, selector in selectors.items()
    ]


def _rule(
    groups: Sequence[str],
    versions: Sequence[str],
    resources: Sequence[str],
    operations: Sequence[str],
    scope: str,
) -> Document:
    return {
        "apiGroups": list(groups),
        "apiVersions": list(versions),
        "resources": list(resources),
        "operations": list(operations),
        "scope": scope,
    }


def _text(value: str) -> str:
    """A CEL string literal."""
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _texts(values: Sequence[str]) -> str:
    return "[" + ", ".join(map(_text, values)) + "]"
