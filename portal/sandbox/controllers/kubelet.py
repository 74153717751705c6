"""Pods on the simulated node: scheduled, started, brought to ready or to their end, and removed."""

from __future__ import annotations

import asyncio

from portal.sandbox import pods, times
from portal.sandbox.controllers.base import Controller, Key, key_of
from portal.sandbox.node import behaviour, podstatus
from portal.sandbox.node.ledger import Ledger
from portal.sandbox.node.machine import NODE_IP, NODE_NAME, node_object, node_status, unfit
from portal.sandbox.objects import Object
from portal.sandbox.store import Event

# between a crash and the next start: doubled each time as the kubelet does, but from one second, not ten
FIRST_RESTART_SECONDS = 1.0
LONGEST_RESTART_SECONDS = 300.0


class NodeController(Controller):
    name = "kubelet"

    def watch(self) -> None:
        self._started: dict[str, float] = {}
        self._restart_at: dict[str, float] = {}
        self._unplaced: set[Key] = set()
        self._ledger = Ledger()
        self._ensure_node()
        pod_resource = self.client.resource("Pod")
        self.listen(pod_resource, self._ledger.changed)
        for pod in self.store.list(pod_resource):
            self._ledger.changed(Event("ADDED", pod_resource, pod, None))
        self.on_self("Pod")
        self.on("Pod", self._made_room)
        self.on("Node", lambda _: list(self._unplaced))
        for kind in ("Secret", "ConfigMap", "PersistentVolumeClaim"):
            self.on(kind, self._waiting)

    def _ensure_node(self) -> None:
        if self.client.get("Node", "", NODE_NAME) is None:
            created = self.client.create("Node", node_object())
            self.client.update_status("Node", {**created, "status": node_status()})

    def _waiting(self, event: Event) -> list[Key]:
        """Pods of the namespace that are not running yet: what they wait for may just have come."""
        if event.type == "DELETED":
            return []
        namespace = event.object["metadata"]["namespace"]
        return [
            (namespace, pod["metadata"]["name"])
            for pod in self.client.list("Pod", namespace)
            if (pod.get("status") or {}).get("phase", "Pending") == "Pending"
        ]

    def _made_room(self, event: Event) -> list[Key]:
        """Pods that did not fit try again when another one has gone or ended."""
        gone = event.type == "DELETED" or pods.is_terminal(event.object)
        return list(self._unplaced) if gone else []

    def reconcile(self, key: Key) -> float | None:
        self._unplaced.discard(key)
        pod = self.client.get("Pod", *key)
        if pod is None:
            return None
        uid = pod["metadata"]["uid"]
        if pod["metadata"].get("deletionTimestamp"):
            self._remove(pod)
            return None
        if pods.is_terminal(pod):
            self._started.pop(uid, None)
            return None
        if not pod["spec"].get("nodeName"):
            return self._schedule(pod)
        if pod["spec"]["nodeName"] != NODE_NAME:
            return None
        return self._run(pod)

    def _remove(self, pod: Object) -> None:
        uid = pod["metadata"]["uid"]
        self._started.pop(uid, None)
        self._restart_at.pop(uid, None)
        if pod["metadata"].get("deletionGracePeriodSeconds") or not pod["metadata"].get("finalizers"):
            self.client.delete("Pod", pod, grace=0)

    def _schedule(self, pod: Object) -> float | None:
        problem = self._unbound_claim(pod)
        if not problem:
            node = self.client.get("Node", "", NODE_NAME) or node_object()
            reason = unfit(pod, node, self._ledger)
            problem = f"0/1 nodes are available: {reason}." if reason else ""
        if problem:
            self._unschedulable(pod, problem)
            return None
        self.client.bind(pod, NODE_NAME)
        metadata = pod["metadata"]
        message = f"Successfully assigned {metadata['namespace']}/{metadata['name']} to {NODE_NAME}"
        self.client.event(pod, "Normal", "Scheduled", message, component="default-scheduler")
        return None

    def _unbound_claim(self, pod: Object) -> str:
        for name in pods.claims_in(pod):
            claim = self.client.get("PersistentVolumeClaim", pod["metadata"]["namespace"], name)
            if claim is None:
                return f'0/1 nodes are available: persistentvolumeclaim "{name}" not found.'
            if (claim.get("status") or {}).get("phase") != "Bound":
                return "0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims."
        return ""

    def _unschedulable(self, pod: Object, message: str) -> None:
        self._unplaced.add(key_of(pod))
        status = podstatus.unschedulable(pod, message)
        if status != pod.get("status"):
            self.client.update_status("Pod", {**pod, "status": status})
            self.client.event(pod, "Warning", "FailedScheduling", message, component="default-scheduler")

    def _run(self, pod: Object) -> float | None:
        now = asyncio.get_running_loop().time()
        uid = pod["metadata"]["uid"]
        missing = self._missing(pod)
        if missing:
            self._hold(pod, missing)
            return None
        restart_at = self._restart_at.get(uid)
        if restart_at is not None and now < restart_at:
            return restart_at - now
        started = self._started.setdefault(uid, self._start_of(pod, now))
        plan = podstatus.plan(pod, now - started, self._address(pod))
        if plan.status != pod.get("status"):
            self.client.update_status("Pod", {**pod, "status": plan.status})
            for kind, reason, message in plan.events:
                self.client.event(pod, kind, reason, message)
        if plan.crashed:
            wait = float(min(LONGEST_RESTART_SECONDS, FIRST_RESTART_SECONDS * 2 ** (plan.restarts - 1)))
            self._restart_at[uid] = now + wait
            return wait
        return plan.again

    def _start_of(self, pod: Object, now: float) -> float:
        """When the pod began on this loop's clock; one from before a restart of the sandbox keeps its age."""
        began = (pod.get("status") or {}).get("startTime")
        return now - times.seconds_since(began) if began else now

    def _address(self, pod: Object) -> str:
        if pod["spec"].get("hostNetwork"):
            return NODE_IP
        known: str = (pod.get("status") or {}).get("podIP", "")
        return known or self._ledger.free_address()

    def _missing(self, pod: Object) -> tuple[str, str, bool] | None:
        """The first Secret or ConfigMap that the pod lacks: message, where, whether as a volume."""
        if (pod.get("status") or {}).get("phase") == "Running":
            return None
        namespace = pod["metadata"]["namespace"]
        for kind, name, key, where, as_volume in behaviour.references(pod["spec"]):
            found = self.client.get(kind, namespace, name)
            if found is None:
                return f'{kind.lower()} "{name}" not found', where, as_volume
            if key and key not in {**(found.get("data") or {}), **(found.get("binaryData") or {})}:
                return f"couldn't find key {key} in {kind} {namespace}/{name}", where, as_volume
        return None

    def _hold(self, pod: Object, missing: tuple[str, str, bool]) -> None:
        message, where, as_volume = missing
        if as_volume:
            reason, event = "ContainerCreating", "FailedMount"
            said = f'MountVolume.SetUp failed for volume "{where}" : {message}'
        else:
            reason, event, said = "CreateContainerConfigError", "Failed", f"Error: {message}"
        status = podstatus.held(pod, reason, "" if as_volume else message)
        if status != pod.get("status"):
            self.client.update_status("Pod", {**pod, "status": status})
            self.client.event(pod, "Warning", event, said)
