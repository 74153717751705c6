"""Service account token Secrets are filled in; aggregated ClusterRoles are summed up."""

from __future__ import annotations

import base64

from portal.sandbox import owners
from portal.sandbox.controllers.base import Controller, Key
from portal.sandbox.objects import Object
from portal.sandbox.store import Event

TOKEN_TYPE = "kubernetes.io/service-account-token"  # noqa: S105 a type, not a token
ACCOUNT = "kubernetes.io/service-account.name"
ACCOUNT_UID = "kubernetes.io/service-account.uid"
ROLE = "rbac.authorization.k8s.io/ClusterRole"


class TokenController(Controller):
    """Secrets of the token type get a token; they go with their account."""

    name = "tokens-controller"

    def watch(self) -> None:
        self.on_self("Secret")
        self.on("ServiceAccount", self._secrets_of)

    def _secrets_of(self, event: Event) -> list[Key]:
        metadata = event.object["metadata"]
        return [
            (metadata["namespace"], secret["metadata"]["name"])
            for secret in self.client.list("Secret", metadata["namespace"])
            if secret.get("type") == TOKEN_TYPE
            and (secret["metadata"].get("annotations") or {}).get(ACCOUNT) == metadata["name"]
        ]

    def reconcile(self, key: Key) -> float | None:
        secret = self.client.get("Secret", *key)
        if secret is None or secret.get("type") != TOKEN_TYPE or secret["metadata"].get("deletionTimestamp"):
            return None
        annotations = secret["metadata"].get("annotations") or {}
        account = self.client.get("ServiceAccount", key[0], annotations.get(ACCOUNT, ""))
        uid = annotations.get(ACCOUNT_UID)
        if account is None or (uid and uid != account["metadata"]["uid"]):
            self.client.delete("Secret", secret)
            return None
        data = secret.get("data") or {}
        if data.get("token") and uid:
            return None
        parts = {
            "ca.crt": self.plane.cluster.ca_certificate,
            "namespace": key[0],
            "token": self.plane.cluster.service_accounts.for_secret(account, secret),
        }
        encoded = {name: base64.b64encode(text.encode()).decode() for name, text in parts.items()}
        metadata = {
            **secret["metadata"],
            "annotations": {**annotations, ACCOUNT_UID: account["metadata"]["uid"]},
        }
        self.client.update("Secret", {**secret, "metadata": metadata, "data": {**data, **encoded}})
        return None


class RoleAggregationController(Controller):
    """ClusterRoles with an aggregationRule hold the union of the rules of those that they select."""

    name = "clusterrole-aggregation-controller"

    def watch(self) -> None:
        self.on(ROLE, self._aggregated)

    def _aggregated(self, _event: Event) -> list[Key]:
        return [
            ("", role["metadata"]["name"]) for role in self.client.list(ROLE) if role.get("aggregationRule")
        ]

    def reconcile(self, key: Key) -> float | None:
        role = self.client.get(ROLE, *key)
        if role is None or not role.get("aggregationRule"):
            return None
        rules: list[Object] = []
        for selector in role["aggregationRule"].get("clusterRoleSelectors") or ():
            for other in self.client.list(ROLE):
                if other["metadata"]["name"] != key[1] and owners.selects(
                    selector, other["metadata"].get("labels")
                ):
                    rules += [each for each in other.get("rules") or () if each not in rules]
        if rules != (role.get("rules") or []):
            self.client.update(ROLE, {**role, "rules": rules})
        return None
