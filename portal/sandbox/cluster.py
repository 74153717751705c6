"""Wires one cluster together: store, registry, admission, authorizer, controllers. No HTTP."""

from __future__ import annotations

from pathlib import Path

from portal.sandbox import addons, admission, bootstrap, controllers
from portal.sandbox.builtin import BUILT_IN
from portal.sandbox.crds import CustomResources
from portal.sandbox.decoding import Decoder
from portal.sandbox.faults import Faults
from portal.sandbox.persistence import Persistence
from portal.sandbox.rbac import Authorizer
from portal.sandbox.rbac.accounts import ServiceAccountTokens
from portal.sandbox.rbac.reviews import Reviews
from portal.sandbox.registry import Registry
from portal.sandbox.resources import Resources
from portal.sandbox.store import Store


class Cluster:
    """`Cluster(data_dir)` is readable and writable at once; `start()` (in a running loop) brings it to life.

    For the builders of its life: `admission.default_chain(cluster)` gives the plugins in order,
    `controllers.start(cluster)` starts what reconciles and returns an object with `stop()`.
    """

    def __init__(self, data_dir: Path | None, ca_certificate: str = "", addons: tuple[str, ...] = ()) -> None:
        self.data_dir = data_dir
        # names of `portal.sandbox.addons`, installed at the start
        self.addons = addons
        # PEM of the serving certificate's authority, for kube-root-ca.crt
        self.ca_certificate = ca_certificate
        self.resources = Resources(BUILT_IN)
        self.store = Store(Persistence(data_dir / "cluster.sqlite3") if data_dir else None)
        self.decoder = Decoder(self.resources)
        self.registry = Registry(self.store, self.resources, self.decoder)
        self.custom_resources = CustomResources(self.store, self.registry, self.resources, self.decoder)
        self.authorizer = Authorizer(self.store, self.resources)
        # `authenticate(token)` for bearer tokens; `request(namespace, name, body)` for serviceaccounts/token
        self.service_accounts = ServiceAccountTokens(self.store, self.resources, data_dir)
        # `answer(kind, body, user, namespace)` for SelfSubjectAccessReview and its relatives
        self.reviews = Reviews(self.authorizer, self.service_accounts)
        # `serve(request, user)` for /sandbox/faults, `apply(request, handler)` around everything else
        self.faults = Faults()
        self.registry.admission = list(admission.default_chain(self))
        self._running: controllers.Running | None = None

    def start(self) -> None:
        """Write what every cluster has, and start the controllers."""
        self.custom_resources.start()
        bootstrap.run(self)
        addons.install(self, self.addons)
        self.store.forget_history()
        self._running = controllers.start(self)

    def stop(self) -> None:
        """Stop the controllers and put everything on disk."""
        if self._running is not None:
            self._running.stop()
            self._running = None
        self.custom_resources.stop()
        self.store.close()
