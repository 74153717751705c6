"""ResourceQuota status: hard as specified, used as counted, whenever something that counts has changed."""

from __future__ import annotations

from portal.sandbox import amounts, usage
from portal.sandbox.controllers.base import Controller, Key, key_of
from portal.sandbox.store import Event

KIND = "ResourceQuota"


class QuotaController(Controller):
    name = "resourcequota-controller"

    def watch(self) -> None:
        self.on_self(KIND)
        self.listen(None, self._counted)

    def _counted(self, event: Event) -> None:
        if not event.resource.namespaced or event.resource.plural == "events":
            return
        if event.type == "MODIFIED" and event.resource.plural not in (
            "pods",
            "services",
            "persistentvolumeclaims",
        ):
            return
        for quota in self.client.list(KIND, event.object["metadata"]["namespace"]):
            self.queue.add(key_of(quota))

    def reconcile(self, key: Key) -> float | None:
        quota = self.client.get(KIND, *key)
        if quota is None:
            return None
        used = usage.in_namespace(self.store, self.plane.kinds.stored(), quota)
        status = {
            "hard": dict(sorted((quota["spec"].get("hard") or {}).items())),
            "used": amounts.print_all(used),
        }
        if status != (quota.get("status") or {}):
            self.client.update_status(KIND, {**quota, "status": status})
        return None
