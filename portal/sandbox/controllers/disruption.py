"""PodDisruptionBudgets: how many of the selected pods may go voluntarily right now."""

from __future__ import annotations

from portal.sandbox import conditions, owners, pods
from portal.sandbox.controllers.base import Controller, Key, key_of
from portal.sandbox.objects import Object
from portal.sandbox.store import Event

KIND = "policy/PodDisruptionBudget"


class DisruptionController(Controller):
    name = "disruption-controller"

    def watch(self) -> None:
        self.on_self(KIND)
        self.on("Pod", self._concerned)

    def _concerned(self, event: Event) -> list[Key]:
        labels = [
            each["metadata"].get("labels") for each in (event.object, event.previous) if each is not None
        ]
        return [
            key_of(budget)
            for budget in self.client.list(KIND, event.object["metadata"]["namespace"])
            if any(owners.selects(budget["spec"].get("selector"), each) for each in labels)
        ]

    def reconcile(self, key: Key) -> float | None:
        budget = self.client.get(KIND, *key)
        if budget is None or budget["metadata"].get("deletionTimestamp"):
            return None
        selected = [
            pod
            for pod in self.client.list("Pod", key[0])
            if pods.is_active(pod)
            and owners.selects(budget["spec"].get("selector"), pod["metadata"].get("labels"))
        ]
        expected = self._expected(selected)
        healthy = sum(pods.is_ready(pod) for pod in selected)
        desired = _desired_healthy(budget["spec"], expected)
        allowed = max(0, healthy - desired) if expected else 0
        before = budget.get("status") or {}
        reason = "SufficientPods" if allowed else "InsufficientPods"
        status = {
            "observedGeneration": budget["metadata"].get("generation", 1),
            "disruptionsAllowed": allowed,
            "currentHealthy": healthy,
            "desiredHealthy": desired,
            "expectedPods": expected,
            "conditions": conditions.put(
                before.get("conditions") or [],
                "DisruptionAllowed",
                "True" if allowed else "False",
                reason,
                "",
                observedGeneration=budget["metadata"].get("generation", 1),
            ),
        }
        for each in status["conditions"]:
            each.setdefault("message", "")
        if status != before:
            self.client.update_status(KIND, {**budget, "status": status})
        return None

    def _expected(self, selected: list[Object]) -> int:
        """How many pods their controllers want in all; pods without a controller count themselves."""
        total, seen = 0, set()
        for pod in selected:
            reference = owners.controller_of(pod)
            if reference is None:
                total += 1
            elif reference["uid"] not in seen:
                seen.add(reference["uid"])
                total += self._wanted(reference, pod["metadata"]["namespace"])
        return total

    def _wanted(self, reference: Object, namespace: str) -> int:
        group = reference["apiVersion"].rpartition("/")[0]
        owner = self.client.get(
            f"{group}/{reference['kind']}" if group else reference["kind"], namespace, reference["name"]
        )
        if owner is None:
            return 0
        above = owners.controller_of(owner)
        if reference["kind"] == "ReplicaSet" and above is not None and above["kind"] == "Deployment":
            return self._wanted(above, namespace)
        size: int = owner["spec"].get("replicas", 1)
        return size


def _desired_healthy(spec: Object, expected: int) -> int:
    if "maxUnavailable" in spec:
        return max(0, expected - pods.share_of(spec["maxUnavailable"], expected, round_up=True))
    return pods.share_of(spec.get("minAvailable", 1), expected, round_up=True)
