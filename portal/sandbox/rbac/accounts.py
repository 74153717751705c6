"""Tokens of service accounts: issued on request, and recognised as long as what they are bound to lives."""

from __future__ import annotations

import secrets
import time
from datetime import UTC, datetime
from pathlib import Path

from portal.sandbox import statuses, times
from portal.sandbox.objects import Object, clone
from portal.sandbox.rbac import tokens
from portal.sandbox.resources import Resources
from portal.sandbox.store import Store
from portal.sandbox.users import UserInfo

SHORTEST_SECONDS, DEFAULT_SECONDS, LONGEST_SECONDS = 600, 3600, 2**32
KEY_FILE = "service-accounts.key"


class ServiceAccountTokens:
    """`data_dir` None keeps the key in memory only: tokens end with the process."""

    def __init__(self, store: Store, resources: Resources, data_dir: Path | None) -> None:
        self._store = store
        self._accounts = resources.require("", "ServiceAccount")
        self._bindable = {kind: resources.require("", kind) for kind in ("Pod", "Secret")}
        self._signer = tokens.Signer(
            tokens.load_key(data_dir / KEY_FILE) if data_dir else secrets.token_bytes(32)
        )

    def authenticate(self, token: str) -> UserInfo | None:
        """The account that a token speaks for; None when it is not ours, is over, or its account is gone."""
        claims = self._signer.verify(token)
        if claims is None or not claims["nbf"] <= time.time() < claims.get("exp", float("inf")):
            return None
        private = claims["kubernetes.io"]
        namespace, account = private["namespace"], private["serviceaccount"]
        stored = self._store.get(self._accounts, namespace, account["name"])
        if (
            stored is None
            or stored["metadata"]["uid"] != account["uid"]
            or stored["metadata"].get("deletionTimestamp")
        ):
            return None
        extra = {"authentication.kubernetes.io/credential-id": (f"JTI={claims['jti']}",)}
        for kind, resource in self._bindable.items():
            bound = private.get(kind.lower())
            if bound is None:
                continue
            holder = self._store.get(resource, namespace, bound["name"])
            if holder is None or holder["metadata"]["uid"] != bound["uid"]:
                return None
            if kind == "Pod":
                extra["authentication.kubernetes.io/pod-name"] = (bound["name"],)
                extra["authentication.kubernetes.io/pod-uid"] = (bound["uid"],)
        name = tokens.username(namespace, account["name"])
        return UserInfo(name, tokens.groups(namespace), account["uid"], extra)

    def for_secret(self, account: Object, secret: Object) -> str:
        """The token that a Secret of the token type holds: it lives as long as the Secret."""
        bound = {"kind": "Secret", "name": secret["metadata"]["name"], "uid": secret["metadata"]["uid"]}
        return self._signer.sign(
            tokens.claims_for(account, now=int(time.time()), seconds=None, bound_to=bound)
        )

    def request(self, namespace: str, name: str, body: Object) -> Object:
        """Answer a TokenRequest (the `token` subresource); raises NotFound and Invalid."""
        account = self._store.get(self._accounts, namespace, name)
        if account is None:
            raise statuses.not_found(self._accounts, name)
        result: Object = clone(body)
        spec = result.setdefault("spec", {})
        seconds = spec.setdefault("expirationSeconds", DEFAULT_SECONDS)
        if not SHORTEST_SECONDS <= seconds <= LONGEST_SECONDS:
            detail = f"may not specify a duration {'less' if seconds < SHORTEST_SECONDS else 'larger'} than "
            detail += "10 minutes" if seconds < SHORTEST_SECONDS else "2^32 seconds"
            error = statuses.field_invalid("spec.expirationSeconds", seconds, detail)
            raise statuses.invalid("authentication.k8s.io", "TokenRequest", name, [error])
        audiences = spec.get("audiences") or tokens.AUDIENCES
        spec["audiences"] = audiences
        now = int(time.time())
        claims = tokens.claims_for(
            account,
            now=now,
            seconds=seconds,
            audiences=audiences,
            bound_to=self._bound(namespace, spec.get("boundObjectRef")),
        )
        expires = times.text(datetime.fromtimestamp(now + seconds, UTC))
        result["metadata"] = {"name": name, "namespace": namespace, "creationTimestamp": times.now()}
        result["status"] = {"token": self._signer.sign(claims), "expirationTimestamp": expires}
        return result

    def _bound(self, namespace: str, reference: Object | None) -> Object | None:
        if not reference:
            return None
        resource = self._bindable.get(reference.get("kind", ""))
        if resource is None:
            raise statuses.bad_request(f"cannot bind token to object of type {reference.get('kind')}")
        holder = self._store.get(resource, namespace, reference.get("name", ""))
        if holder is None:
            raise statuses.not_found(resource, reference.get("name", ""))
        uid = holder["metadata"]["uid"]
        if reference.get("uid") not in (None, uid):
            why = (
                f"the UID in the bound object reference ({reference['uid']}) does not match the UID in record"
            )
            raise statuses.conflict(resource, reference["name"], why)
        return {"kind": resource.kind, "name": reference["name"], "uid": uid}
