"""The one node there is: its size, its labels, and whether a pod fits on it."""

from __future__ import annotations

from portal.sandbox import amounts, pods, times
from portal.sandbox.node.ledger import Ledger
from portal.sandbox.objects import Object

NODE_NAME = "node-1"
NODE_IP = "10.0.0.1"
_CAPACITY = {"cpu": "64", "memory": "256Gi", "ephemeral-storage": "1Ti", "pods": "1000"}


def node_object() -> Object:
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": NODE_NAME,
            "labels": {
                "kubernetes.io/arch": "amd64",
                "kubernetes.io/hostname": NODE_NAME,
                "kubernetes.io/os": "linux",
                "node-role.kubernetes.io/control-plane": "",
                "sandbox.slipway.dev/simulated": "true",
            },
        },
        "spec": {
            "podCIDR": "10.1.0.0/16",
            "podCIDRs": ["10.1.0.0/16"],
            "providerID": f"sandbox://{NODE_NAME}",
        },
    }


def node_status() -> Object:
    now = times.now()
    conditions = [
        ("MemoryPressure", "False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
        ("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
        ("PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
        ("Ready", "True", "KubeletReady", "the simulated node is always ready"),
    ]
    return {
        "capacity": dict(_CAPACITY),
        "allocatable": dict(_CAPACITY),
        "addresses": [
            {"type": "InternalIP", "address": NODE_IP},
            {"type": "Hostname", "address": NODE_NAME},
        ],
        "conditions": [
            {
                "type": kind,
                "status": status,
                "lastHeartbeatTime": now,
                "lastTransitionTime": now,
                "reason": reason,
                "message": message,
            }
            for kind, status, reason, message in conditions
        ],
        "nodeInfo": {
            "architecture": "amd64",
            "operatingSystem": "linux",
            "osImage": "Slipway sandbox (simulated)",
            "kernelVersion": "simulated",
            "containerRuntimeVersion": "simulated://1.0",
            "kubeletVersion": "v1.36.2",
            "kubeProxyVersion": "",
            "machineID": "",
            "systemUUID": "",
            "bootID": "",
        },
    }


def unfit(pod: Object, node: Object, ledger: Ledger) -> str:
    """Why the pod cannot be scheduled, in the scheduler's words; empty when it fits."""
    labels = node["metadata"].get("labels") or {}
    if not (pod["spec"].get("nodeSelector") or {}).items() <= labels.items() or not _affine(pod, node):
        return "1 node(s) didn't match Pod's node affinity/selector"
    if node["spec"].get("unschedulable"):
        return "1 node(s) were unschedulable"
    taken = ledger.requests
    wanted = pods.resources_of(pod["spec"], "requests")
    room = amounts.parse_all((node.get("status") or {}).get("allocatable") or _CAPACITY)
    short = [
        f"1 Insufficient {name}"
        for name, amount in sorted(wanted.items())
        if amount.amount
        and room.get(name, amounts.ZERO) < amounts.plus(taken.get(name, amounts.ZERO), amount)
    ]
    if ledger.count + 1 > int(room["pods"].amount):
        short.insert(0, "1 Too many pods")
    return ", ".join(short)


def _affine(pod: Object, node: Object) -> bool:
    affinity = (pod["spec"].get("affinity") or {}).get("nodeAffinity") or {}
    required = affinity.get("requiredDuringSchedulingIgnoredDuringExecution")
    if required is None:
        return True
    return any(_term_matches(term, node) for term in required.get("nodeSelectorTerms") or ())


def _term_matches(term: Object, node: Object) -> bool:
    labels = node["metadata"].get("labels") or {}
    fields = {"metadata.name": node["metadata"]["name"]}
    return all(_holds(each, labels) for each in term.get("matchExpressions") or ()) and all(
        _holds(each, fields) for each in term.get("matchFields") or ()
    )


def _holds(expression: Object, values: dict[str, str]) -> bool:
    key, operator = expression["key"], expression["operator"]
    wanted: list[str] = expression.get("values") or []
    value = values.get(key)
    if operator == "In":
        return value in wanted
    if operator == "NotIn":
        return value not in wanted
    if operator in ("Exists", "DoesNotExist"):
        return (value is not None) is bool(operator == "Exists")
    if value is None or not value.lstrip("-").isdecimal():
        return False
    return int(value) > int(wanted[0]) if operator == "Gt" else int(value) < int(wanted[0])
