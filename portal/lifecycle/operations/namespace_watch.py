"""Whether the namespace that helm works in is still there: for what went with it, helm waits until its own
time is over."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from portal.clusters.errors import ClusterError
from portal.clusters.kubernetes import Kubernetes
from portal.lifecycle.models import ServiceInstance
from portal.lifecycle.operations.observation import kubernetes_for

# most releases are over before the first look
LOOK_SECONDS = 5.0


def is_gone(cluster: Kubernetes, name: str) -> bool:
    """Whether the namespace is not there, or on its way out. Raises ClusterError."""
    found = cluster.namespace(name)
    return found is None or bool((found.get("metadata") or {}).get("deletionTimestamp"))


class NamespaceWatch:
    """`gone` is set once the cluster says so. A cluster that does not answer says nothing."""

    def __init__(self, cluster: Kubernetes, name: str) -> None:
        self.gone = threading.Event()
        self._cluster = cluster
        self._name = name
        self._done = threading.Event()

    def keep(self) -> None:
        """Look, again and again, until `end`."""
        while not self._done.wait(LOOK_SECONDS):
            try:
                if is_gone(self._cluster, self._name):
                    self.gone.set()
                    return
            except ClusterError:
                continue

    def end(self) -> None:
        self._done.set()


@contextmanager
def watching(instance: ServiceInstance) -> Iterator[threading.Event]:
    """Look beside the work. The event is set when the instance's namespace is gone; never for a namespace
    itself, which its release makes."""
    watch = NamespaceWatch(kubernetes_for(instance), instance.namespace)
    if not instance.is_namespace:
        # not waited for: its last look may take as long as the cluster takes to answer
        threading.Thread(target=watch.keep, name=f"namespace-{instance.pk}", daemon=True).start()
    try:
        yield watch.gone
    finally:
        watch.end()
