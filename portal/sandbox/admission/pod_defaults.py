"""What small plugins write into new objects: service account, tolerations, priority, storage class."""

from __future__ import annotations

from portal.sandbox import statuses
from portal.sandbox.admission.base import Plugin, is_plain, is_pod_creation
from portal.sandbox.contexts import Attributes
from portal.sandbox.objects import Object
from portal.sandbox.resources import Resources
from portal.sandbox.store import Store

DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class"
_SYSTEM_PRIORITIES = {"system-cluster-critical": 2_000_000_000, "system-node-critical": 2_000_001_000}
_TOLERATED = ("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable")


class ServiceAccounts(Plugin):
    """Pods run as an account that exists. The token volume is left out: nothing would read it."""

    def __init__(self, store: Store, resources: Resources) -> None:
        self._store = store
        self._accounts = resources.require("", "ServiceAccount")

    def mutate(self, attrs: Attributes) -> None:
        if not is_pod_creation(attrs) or attrs.object is None:
            return
        spec = attrs.object["spec"]
        name = spec.get("serviceAccountName") or spec.get("serviceAccount") or "default"
        spec["serviceAccountName"] = spec["serviceAccount"] = name
        account = self._store.get(self._accounts, attrs.namespace, name)
        if account is None:
            where = f"error looking up service account {attrs.namespace}/{name}"
            why = f'{where}: serviceaccount "{name}" not found'
            if name != "default":
                raise statuses.forbidden(attrs.resource, attrs.name, why)
            return
        if account.get("imagePullSecrets") and not spec.get("imagePullSecrets"):
            spec["imagePullSecrets"] = account["imagePullSecrets"]


class PodDefaults(Plugin):
    """DefaultTolerationSeconds and Priority."""

    def __init__(self, store: Store, resources: Resources) -> None:
        self._store = store
        self._classes = resources.require("scheduling.k8s.io", "PriorityClass")

    def mutate(self, attrs: Attributes) -> None:
        if not is_pod_creation(attrs) or attrs.object is None:
            return
        spec = attrs.object["spec"]
        self._prioritise(attrs, spec)
        tolerations = list(spec.get("tolerations") or [])
        for key in _TOLERATED:
            if not any(_tolerates(each, key) for each in tolerations):
                tolerations.append(
                    {"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}
                )
        spec["tolerations"] = tolerations

    def _prioritise(self, attrs: Attributes, spec: Object) -> None:
        name = spec.get("priorityClassName")
        if name in _SYSTEM_PRIORITIES:
            spec["priority"], policy = _SYSTEM_PRIORITIES[name], "PreemptLowerPriority"
        else:
            priority_class = self._class(name)
            if name and priority_class is None:
                raise statuses.forbidden(
                    attrs.resource, attrs.name, f"no PriorityClass with name {name} was found"
                )
            found = priority_class or {}
            if found:
                spec["priorityClassName"] = found["metadata"]["name"]
            spec["priority"] = found.get("value", 0)
            policy = found.get("preemptionPolicy", "PreemptLowerPriority")
        spec.setdefault("preemptionPolicy", policy)

    def _class(self, name: str | None) -> Object | None:
        if name:
            return self._store.get(self._classes, None, name)
        return next((each for each in self._store.list(self._classes) if each.get("globalDefault")), None)


def _tolerates(toleration: Object, key: str) -> bool:
    return toleration.get("key") in (None, "", key) and toleration.get("effect") in (None, "", "NoExecute")


class DefaultStorageClass(Plugin):
    """A claim that names no class gets the default one (naming "" asks for none)."""

    def __init__(self, store: Store, resources: Resources) -> None:
        self._store = store
        self._classes = resources.require("storage.k8s.io", "StorageClass")

    def mutate(self, attrs: Attributes) -> None:
        if (
            attrs.operation != "CREATE"
            or not is_plain(attrs, "", "persistentvolumeclaims")
            or attrs.object is None
        ):
            return
        finalizers = attrs.object["metadata"].setdefault("finalizers", [])
        if "kubernetes.io/pvc-protection" not in finalizers:
            finalizers.append("kubernetes.io/pvc-protection")
        if "storageClassName" in attrs.object["spec"]:
            return
        for each in self._store.list(self._classes):
            if (each["metadata"].get("annotations") or {}).get(DEFAULT_CLASS) == "true":
                attrs.object["spec"]["storageClassName"] = each["metadata"]["name"]
                return
