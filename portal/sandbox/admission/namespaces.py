"""NamespaceLifecycle: nothing new where there is no namespace or where it is going."""

from __future__ import annotations

from portal.sandbox import statuses
from portal.sandbox.admission.base import Plugin
from portal.sandbox.contexts import Attributes
from portal.sandbox.resources import Resources
from portal.sandbox.store import Store

IMMORTAL = ("default", "kube-public", "kube-system")


class NamespaceLifecycle(Plugin):
    """Refuses in the mutating half: nobody after it need ask again."""

    def __init__(self, store: Store, resources: Resources) -> None:
        self._store = store
        self._namespaces = resources.require("", "Namespace")

    def mutate(self, attrs: Attributes) -> None:
        if attrs.resource.storage_key == self._namespaces.storage_key:
            if attrs.operation == "DELETE" and attrs.name in IMMORTAL:
                raise statuses.forbidden(self._namespaces, attrs.name, "this namespace may not be deleted")
            return
        if attrs.operation != "CREATE" or not attrs.namespace or not attrs.resource.is_stored:
            return
        namespace = self._store.get(self._namespaces, None, attrs.namespace)
        if namespace is None:
            raise statuses.not_found(self._namespaces, attrs.namespace)
        if namespace["metadata"].get("deletionTimestamp"):
            cause = {
                "reason": "NamespaceTerminating",
                "message": f"namespace {attrs.namespace} is being terminated",
                "field": "metadata.namespace",
            }
            why = (
                f"unable to create new content in namespace {attrs.namespace} because it is being terminated"
            )
            raise statuses.forbidden(attrs.resource, attrs.name, why, [cause])
