"""HorizontalPodAutoscalers, fed with simulated usage.

There is no metrics pipeline here: a pod's usage is what its annotation `sandbox.slipway.dev/cpu` or
`…/memory` says (a quantity), else a tenth of what it requests. The arithmetic on it is Kubernetes' own.
"""

from __future__ import annotations

from fractions import Fraction
from math import ceil

from portal.sandbox import amounts, conditions, owners, pods, times
from portal.sandbox.controllers.base import Controller, Key
from portal.sandbox.objects import Object, clone
from portal.sandbox.store import Event

KIND = "autoscaling/HorizontalPodAutoscaler"
USAGE = "sandbox.slipway.dev/"
TOLERANCE = Fraction(1, 10)
SCALABLE = ("Deployment", "StatefulSet", "ReplicaSet")


class AutoscalerController(Controller):
    name = "horizontal-pod-autoscaler"

    def watch(self) -> None:
        self.on_self(KIND)
        for kind in SCALABLE:
            self.on(f"apps/{kind}", self._scaling)

    def _scaling(self, event: Event) -> list[Key]:
        metadata, kind = event.object["metadata"], event.object["kind"]
        return [
            (metadata["namespace"], each["metadata"]["name"])
            for each in self.client.list(KIND, metadata["namespace"])
            if (each["spec"]["scaleTargetRef"]["kind"], each["spec"]["scaleTargetRef"]["name"])
            == (kind, metadata["name"])
        ]

    def reconcile(self, key: Key) -> float | None:
        scaler = self.client.get(KIND, *key)
        if scaler is None or scaler["metadata"].get("deletionTimestamp"):
            return None
        reference = scaler["spec"]["scaleTargetRef"]
        target = (
            self.client.get(f"apps/{reference['kind']}", key[0], reference["name"])
            if reference["kind"] in SCALABLE
            else None
        )
        status = clone(scaler.get("status") or {})
        listed = status.get("conditions") or []
        if target is None:
            missing = f'{reference["kind"].lower()}s.apps "{reference["name"]}" not found'
            message = f"the HPA controller was unable to get the target's current scale: {missing}"
            status["conditions"] = conditions.put(listed, "AbleToScale", "False", "FailedGetScale", message)
            status.setdefault("desiredReplicas", 0)
            status.setdefault("currentMetrics", None)
        else:
            self._scale(scaler, target, status, listed)
        if status != (scaler.get("status") or {}):
            self.client.update_status(KIND, {**scaler, "status": status})
        return None

    def _scale(self, scaler: Object, target: Object, status: Object, listed: list[Object]) -> None:
        current = target["spec"].get("replicas", 1)
        listed = conditions.put(
            listed,
            "AbleToScale",
            "True",
            "ReadyForNewScale",
            "recommended size matches current size",
        )
        if current == 0:
            listed = conditions.put(
                listed,
                "ScalingActive",
                "False",
                "ScalingDisabled",
                "scaling is disabled since the replica count of the target is zero",
            )
            wanted = 0
        else:
            wanted, metrics, listed = self._recommend(scaler, target, listed)
            status["currentMetrics"] = metrics or None
        if wanted != current:
            reason = "All metrics below target" if wanted < current else "resource utilization above target"
            self.client.scale(f"apps/{target['kind']}", target, wanted)
            self.client.event(scaler, "Normal", "SuccessfulRescale", f"New size: {wanted}; reason: {reason}")
            status["lastScaleTime"] = times.now()
        status.update(
            {
                "observedGeneration": scaler["metadata"].get("generation", 1),
                "currentReplicas": (target.get("status") or {}).get("replicas", 0),
                "desiredReplicas": wanted,
                "conditions": listed,
            }
        )

    def _recommend(
        self, scaler: Object, target: Object, listed: list[Object]
    ) -> tuple[int, list[Object], list[Object]]:
        """The size that the metrics ask for within the bounds, the metrics read, and the conditions."""
        current = target["spec"].get("replicas", 1)
        running = [
            pod
            for pod in self.client.list("Pod", target["metadata"]["namespace"])
            if pods.is_ready(pod)
            and owners.selects(target["spec"]["selector"], pod["metadata"].get("labels"))
        ]
        proposals: list[int] = []
        read: list[Object] = []
        names: list[str] = []
        for metric in scaler["spec"].get("metrics") or ():
            if metric["type"] != "Resource" or not running:
                continue
            proposal, reading = _by_resource(metric["resource"], running, current)
            if reading is not None:
                proposals.append(proposal)
                names.append(metric["resource"]["name"])
                read.append(
                    {"type": "Resource", "resource": {"name": metric["resource"]["name"], "current": reading}}
                )
        if proposals:
            source = f"{names[0]} resource utilization (percentage of request)"
            message = f"the HPA was able to successfully calculate a replica count from {source}"
            listed = conditions.put(listed, "ScalingActive", "True", "ValidMetricFound", message)
            asked = max(proposals)
        else:
            listed = conditions.put(
                listed,
                "ScalingActive",
                "False",
                "FailedGetResourceMetric",
                "the HPA was unable to compute the replica count: no usage is simulated for its metrics yet",
            )
            asked = current
        low, high = scaler["spec"].get("minReplicas", 1), scaler["spec"]["maxReplicas"]
        if asked < low:
            listed = _limited(
                listed, "TooFewReplicas", "the desired replica count is less than the minimum replica count"
            )
        elif asked > high:
            listed = _limited(
                listed, "TooManyReplicas", "the desired replica count is more than the maximum replica count"
            )
        else:
            message = "the desired count is within the acceptable range"
            listed = conditions.put(listed, "ScalingLimited", "False", "DesiredWithinRange", message)
        return min(max(asked, low), high), read, listed


def _limited(listed: list[Object], reason: str, message: str) -> list[Object]:
    return conditions.put(listed, "ScalingLimited", "True", reason, message)


def _by_resource(resource: Object, running: list[Object], current: int) -> tuple[int, Object | None]:
    name, target = resource["name"], resource["target"]
    requested = amounts.total(pods.resources_of(pod["spec"], "requests") for pod in running).get(name)
    used = sum((_usage(pod, name) for pod in running), Fraction(0))
    average = used / len(running)
    reading: Object = {"averageValue": f"{ceil(average * 1000)}m" if name == "cpu" else str(ceil(average))}
    if target["type"] == "Utilization":
        if requested is None or not requested.amount:
            return current, None
        utilization = used / Fraction(requested.amount)
        reading["averageUtilization"] = int(utilization * 100)
        ratio = utilization * 100 / target["averageUtilization"]
    else:
        ratio = average / Fraction(amounts.parse(target["averageValue"]).amount)
    if abs(ratio - 1) <= TOLERANCE:
        return current, reading
    return ceil(ratio * len(running)), reading


def _usage(pod: Object, name: str) -> Fraction:
    said = (pod["metadata"].get("annotations") or {}).get(f"{USAGE}{name}")
    if said is not None:
        return Fraction(amounts.parse(said).amount)
    requested = pods.resources_of(pod["spec"], "requests").get(name, amounts.ZERO)
    return Fraction(requested.amount) / 10
