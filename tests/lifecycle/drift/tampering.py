"""Ways in which people change what runs, made up by dice: each says where it has to be found."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from portal.core.objects import ObjectKey
from portal.core.pointers import pointer

OWN_FIRST = 0.75
Document = Mapping[str, Any]
Dice = random.Random
WORKLOADS = ("Deployment", "StatefulSet")
POD = ("spec", "template", "spec")


@dataclass(frozen=True)
class Tampering:
    """JSON patch operations on one object, and the path at or below which `how` has to be found."""

    what: str
    operations: tuple[dict[str, Any], ...]
    how: str
    path: str


def of(key: ObjectKey, document: Document, dice: Dice) -> list[Tampering]:
    """All that can be done to this object, in the dice's order: what is its kind's own first, mostly."""
    common = [*_metadata(document, dice)]
    own = [each for make in BY_KIND.get(key.kind, ()) for each in make(document, dice)]
    dice.shuffle(common)
    dice.shuffle(own)
    return [*own, *common] if dice.random() < OWN_FIRST else [*common, *own]


def _op(op: str, *steps: str | int, value: Any = None) -> dict[str, Any]:
    said = {"op": op, "path": pointer(steps)}
    return said if op == "remove" else {**said, "value": value}


def _name(dice: Dice) -> str:
    return f"x{dice.randrange(16**6):06x}"


def _metadata(document: Document, dice: Dice) -> Iterator[Tampering]:
    labels = document["metadata"]["labels"]
    name = f"example.com/{_name(dice)}"
    yield Tampering(
        "label added",
        (_op("add", "metadata", "labels", name, value="y"),),
        "added",
        f"metadata.labels.{name}",
    )
    yield Tampering(
        "annotation added",
        (_op("add", "metadata", "annotations", name, value="y"),),
        "added",
        f"metadata.annotations.{name}",
    )
    for known in _some(set(labels) & SEALED_LABELS, dice):
        yield Tampering(
            "label changed",
            (_op("replace", "metadata", "labels", known, value=_name(dice)),),
            "changed",
            f"metadata.labels.{known}",
        )
        yield Tampering(
            "label removed",
            (_op("remove", "metadata", "labels", known),),
            "removed",
            f"metadata.labels.{known}",
        )


def _some(names: Iterable[str], dice: Dice) -> list[str]:
    found = sorted(names)
    return dice.sample(found, min(2, len(found)))


def _workload(document: Document, dice: Dice) -> Iterator[Tampering]:
    containers = document["spec"]["template"]["spec"]["containers"]
    index = dice.randrange(len(containers))
    container = containers[index]
    at = (*POD, "containers", index)
    path = f"spec.template.spec.containers[{container['name']}]"
    name = _name(dice)
    yield Tampering(
        "image", (_op("replace", *at, "image", value=f"evil.example/{name}"),), "changed", f"{path}.image"
    )
    yield Tampering(
        "limit", (_op("replace", *at, "resources", "limits", "memory", value="333Mi"),), "changed",
        f"{path}.resources.limits.memory",
    )  # fmt: skip
    variable = {"name": name.upper(), "value": "1"}
    at_env = (*at, "env", 0) if container.get("env") else (*at, "env")
    value = variable if container.get("env") else [variable]
    yield Tampering(
        "variable in front", (_op("add", *at_env, value=value),), "added", f"{path}.env[{name.upper()}]"
    )
    sidecar = {"name": name, "image": "evil.example/miner", "resources": container["resources"]}
    sidecar["securityContext"] = container.get("securityContext") or {}
    yield Tampering(
        "sidecar in front", (_op("add", *POD, "containers", 0, value=sidecar),), "added",
        f"spec.template.spec.containers[{name}]",
    )  # fmt: skip
    volume = {"name": name, "emptyDir": {}}
    some = (*POD, "volumes", 0) if document["spec"]["template"]["spec"].get("volumes") else (*POD, "volumes")
    yield Tampering(
        "volume", (_op("add", *some, value=volume if some[-1] == 0 else [volume]),), "added",
        f"spec.template.spec.volumes[{name}]",
    )  # fmt: skip
    for probe in ("readinessProbe", "livenessProbe", "startupProbe"):
        if probe in container:
            yield Tampering(probe, (_op("remove", *at, probe),), "removed", f"{path}.{probe}")
    for words in ("args", "command"):
        if len(container.get(words) or ()) > 1:
            yield Tampering(
                f"word in {words}", (_op("add", *at, words, 1, value="--evil"),), "", f"{path}.{words}"
            )


def _deployment(document: Document, dice: Dice) -> Iterator[Tampering]:
    replicas = document["spec"]["replicas"] + dice.randint(1, 3)
    yield Tampering(
        "scale", (_op("replace", "spec", "replicas", value=replicas),), "changed", "spec.replicas"
    )


def _service(document: Document, dice: Dice) -> Iterator[Tampering]:
    ports = document["spec"]["ports"]
    known = f"spec.ports[{ports[0]['name']}]"
    yield Tampering(
        "port leads elsewhere", (_op("replace", "spec", "ports", 0, "targetPort", value=31337),), "changed",
        f"{known}.targetPort",
    )  # fmt: skip
    name = _name(dice)
    port = {"name": name, "port": dice.randrange(20000, 30000), "protocol": "TCP"}
    yield Tampering(
        "port in front", (_op("add", "spec", "ports", 0, value=port),), "added", f"spec.ports[{name}]"
    )
    yield Tampering(
        "selector", (_op("add", "spec", "selector", name, value="y"),), "", "spec.selector"
    )  # fmt: skip


def _network_policy(document: Document, dice: Dice) -> Iterator[Tampering]:
    rule = {"from": [{"namespaceSelector": {"matchLabels": {_name(dice): "y"}}}]}
    if document["spec"].get("ingress"):
        yield Tampering("way in", (_op("add", "spec", "ingress", 0, value=rule),), "", "spec.ingress")
    else:
        yield Tampering("way in", (_op("add", "spec", "ingress", value=[rule]),), "", "spec.ingress")


def _secret(document: Document, dice: Dice) -> Iterator[Tampering]:
    name = _name(dice)
    yield Tampering(
        "secret added", (_op("add", "data", name, value="SW50cnVkZXI="),), "added", f"data.{name}"
    )
    for key in list(document.get("data") or {})[:1]:
        yield Tampering(
            "secret changed", (_op("replace", "data", key, value="SW50cnVkZXI="),), "changed", f"data.{key}"
        )
    for key in list(document.get("data") or {})[1:2]:
        yield Tampering("secret removed", (_op("remove", "data", key),), "removed", f"data.{key}")


def _account(document: Document, dice: Dice) -> Iterator[Tampering]:
    other = not document.get("automountServiceAccountToken", False)
    op = "replace" if "automountServiceAccountToken" in document else "add"
    yield Tampering(
        "token", (_op(op, "automountServiceAccountToken", value=other),), "", "automountServiceAccountToken"
    )


def _quota(document: Document, dice: Dice) -> Iterator[Tampering]:
    for name in _some(document["spec"]["hard"], dice):
        path = f"spec.hard.{name}"
        yield Tampering("quota", (_op("replace", "spec", "hard", name, value="999"),), "changed", path)
        yield Tampering("quota gone", (_op("remove", "spec", "hard", name),), "removed", path)
    yield Tampering(
        "quota more", (_op("add", "spec", "hard", "count/jobs.batch", value="1"),), "added",
        "spec.hard.count/jobs.batch",
    )  # fmt: skip


def _limits(document: Document, dice: Dice) -> Iterator[Tampering]:
    path = "spec.limits"
    yield Tampering("limits", (_op("add", "spec", "limits", 0, "max", value={"cpu": "64"}),), "", path)


def _binding(document: Document, dice: Dice) -> Iterator[Tampering]:
    subject = {"kind": "User", "name": _name(dice), "apiGroup": "rbac.authorization.k8s.io"}
    yield Tampering("subject", (_op("add", "subjects", 0, value=subject),), "", "subjects")


def _role(document: Document, dice: Dice) -> Iterator[Tampering]:
    rule = {"apiGroups": [""], "resources": [_name(dice)], "verbs": ["*"]}
    yield Tampering("rule", (_op("add", "rules", len(document["rules"]) // 2, value=rule),), "", "rules")


def _disruption(document: Document, dice: Dice) -> Iterator[Tampering]:
    for name in ("minAvailable", "maxUnavailable"):
        if name in document["spec"]:
            yield Tampering(name, (_op("replace", "spec", name, value=7),), "changed", f"spec.{name}")


SEALED_LABELS = {"helm.sh/chart", "app.kubernetes.io/part-of", "slipway.dev/application", "slipway.dev/team"}
BY_KIND: Mapping[str, tuple[Callable[[Document, Dice], Iterator[Tampering]], ...]] = {
    "Deployment": (_workload, _deployment),
    "StatefulSet": (_workload,),
    "Service": (_service,),
    "NetworkPolicy": (_network_policy,),
    "Secret": (_secret,),
    "ServiceAccount": (_account,),
    "ResourceQuota": (_quota,),
    "LimitRange": (_limits,),
    "RoleBinding": (_binding,),
    "Role": (_role,),
    "PodDisruptionBudget": (_disruption,),
}
