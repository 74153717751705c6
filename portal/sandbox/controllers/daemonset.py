"""DaemonSets: one pod on every node that fits; updates replace pods within maxUnavailable."""

from __future__ import annotations

from portal.sandbox import pods
from portal.sandbox.controllers import podcontrol, revisions
from portal.sandbox.controllers.base import Controller, Key
from portal.sandbox.controllers.revisions import HASH_LABEL
from portal.sandbox.objects import Object

KIND = "apps/DaemonSet"
GENERATION_LABEL = "pod-template-generation"


class DaemonSetController(Controller):
    name = "daemonset-controller"

    def watch(self) -> None:
        self.on_self(KIND)
        self.on_owned("Pod", "DaemonSet")

    def reconcile(self, key: Key) -> float | None:
        daemon_set = self.client.get(KIND, *key)
        if daemon_set is None or daemon_set["metadata"].get("deletionTimestamp"):
            return None
        update, others = revisions.sync(self.client, daemon_set)
        self._manage(daemon_set, update)
        again = self._write_status(daemon_set, update)
        mine = self.client.owned("Pod", daemon_set)
        in_use = {f"{daemon_set['metadata']['name']}-{_digest_of(pod)}" for pod in mine}
        revisions.forget(self.client, daemon_set, others, in_use)
        return again

    def _nodes(self, daemon_set: Object) -> list[str]:
        selector = daemon_set["spec"]["template"]["spec"].get("nodeSelector") or {}
        return [
            node["metadata"]["name"]
            for node in self.client.list("Node")
            if selector.items() <= (node["metadata"].get("labels") or {}).items()
        ]

    def _manage(self, daemon_set: Object, update: Object) -> None:
        wanted = self._nodes(daemon_set)
        by_node: dict[str, list[Object]] = {}
        for pod in self.client.owned("Pod", daemon_set):
            by_node.setdefault(_node_of(pod), []).append(pod)
        for node, there in by_node.items():
            keep = 1 if node in wanted else 0
            for pod in [each for each in there if pods.is_active(each)][keep:]:
                self._delete(daemon_set, pod)
            for pod in there:
                if (pod.get("status") or {}).get("phase") == "Failed":
                    self._delete(daemon_set, pod)
        for node in wanted:
            if not any(not pods.is_terminal(pod) for pod in by_node.get(node, [])):
                self._create(daemon_set, node, update)
        strategy = daemon_set["spec"].get("updateStrategy") or {}
        if strategy.get("type") != "OnDelete":
            self._roll(daemon_set, update, strategy.get("rollingUpdate") or {}, len(wanted))

    def _roll(self, daemon_set: Object, update: Object, limits: Object, nodes: int) -> None:
        active = [pod for pod in self.client.owned("Pod", daemon_set) if pods.is_active(pod)]
        allowed = max(1, pods.share_of(limits.get("maxUnavailable", 1), nodes, round_up=True))
        unavailable = nodes - sum(pods.is_ready(pod) for pod in active)
        for pod in active:
            if _digest_of(pod) == _digest(update):
                continue
            if pods.is_ready(pod):
                if unavailable >= allowed:
                    continue
                unavailable += 1
            self._delete(daemon_set, pod)

    def _create(self, daemon_set: Object, node: str, update: Object) -> None:
        name = daemon_set["metadata"]["name"]
        pod = podcontrol.from_template(daemon_set["spec"]["template"], daemon_set, generate_name=f"{name}-")
        generation = (daemon_set["metadata"].get("annotations") or {}).get(
            "deprecated.daemonset.template.generation"
        )
        labels = {HASH_LABEL: _digest(update), **({GENERATION_LABEL: generation} if generation else {})}
        pod["metadata"].setdefault("labels", {}).update(labels)
        terms = [{"matchFields": [{"key": "metadata.name", "operator": "In", "values": [node]}]}]
        affinity = pod["spec"].setdefault("affinity", {}).setdefault("nodeAffinity", {})
        affinity["requiredDuringSchedulingIgnoredDuringExecution"] = {"nodeSelectorTerms": terms}
        created = self.client.create("Pod", pod)
        message = f"Created pod: {created['metadata']['name']}"
        self.client.event(daemon_set, "Normal", "SuccessfulCreate", message)

    def _delete(self, daemon_set: Object, pod: Object) -> None:
        self.client.delete("Pod", pod)
        message = f"Deleted pod: {pod['metadata']['name']}"
        self.client.event(daemon_set, "Normal", "SuccessfulDelete", message)

    def _write_status(self, daemon_set: Object, update: Object) -> float | None:
        desired = len(self._nodes(daemon_set))
        active = [pod for pod in self.client.owned("Pod", daemon_set) if pods.is_active(pod)]
        available, again = podcontrol.available(active, daemon_set["spec"].get("minReadySeconds", 0))
        updated = sum(_digest_of(pod) == _digest(update) for pod in active)
        optional = {
            "updatedNumberScheduled": updated,
            "numberAvailable": available,
            "numberUnavailable": desired - available,
        }
        status = {
            "currentNumberScheduled": min(len(active), desired),
            "numberMisscheduled": 0,
            "desiredNumberScheduled": desired,
            "numberReady": sum(pods.is_ready(pod) for pod in active),
            "observedGeneration": daemon_set["metadata"].get("generation", 0),
            **{field: number for field, number in optional.items() if number},
        }
        if status != (daemon_set.get("status") or {}):
            self.client.update_status(KIND, {**daemon_set, "status": status})
        return again


def _node_of(pod: Object) -> str:
    """The node that the pod runs on, or is meant for."""
    if pod["spec"].get("nodeName"):
        name: str = pod["spec"]["nodeName"]
        return name
    affinity = (pod["spec"].get("affinity") or {}).get("nodeAffinity") or {}
    required = affinity.get("requiredDuringSchedulingIgnoredDuringExecution") or {}
    for term in required.get("nodeSelectorTerms") or ():
        for field in term.get("matchFields") or ():
            return str(field["values"][0])
    return ""


def _digest(update: Object) -> str:
    label: str = update["metadata"]["labels"][HASH_LABEL]
    return label


def _digest_of(pod: Object) -> str:
    label: str = (pod["metadata"].get("labels") or {}).get(HASH_LABEL, "")
    return label
