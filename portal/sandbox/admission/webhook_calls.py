"""Asking one admission webhook: AdmissionReview v1 over HTTPS."""

from __future__ import annotations

import base64
import binascii
import http.client
import json
import ssl
import uuid
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from portal.sandbox.contexts import Attributes
from portal.sandbox.objects import Object, encode

SECONDS = 10
MOST_BYTES = 4 * 1024 * 1024


class Unanswered(Exception):
    """The webhook could not be asked, or its answer is none; its failure policy decides what follows."""


@dataclass(frozen=True)
class Answer:
    allowed: bool
    patch: list[Any] = field(default_factory=list)
    status: Object = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


def call(webhook: Object, attrs: Attributes) -> Answer:
    """Raises Unanswered."""
    uid = str(uuid.uuid4())
    review = {"kind": "AdmissionReview", "apiVersion": "admission.k8s.io/v1", "request": _request(attrs, uid)}
    content = _posted(webhook, encode(review))
    try:
        response = json.loads(content)["response"]
        if response["uid"] != uid:
            raise Unanswered(f"expected response.uid={uid!r}, got {response['uid']!r}")
        return Answer(
            bool(response["allowed"]),
            _patch(response),
            dict(response.get("status") or {}),
            tuple(response.get("warnings") or ()),
        )
    except (ValueError, KeyError, TypeError, binascii.Error) as exc:
        raise Unanswered(f"received invalid webhook response: {exc}") from exc


def _patch(response: Object) -> list[Any]:
    if not response.get("patch"):
        return []
    if response.get("patchType") != "JSONPatch":
        raise ValueError(f"webhook response has unsupported patchType {response.get('patchType')!r}")
    return list(json.loads(base64.b64decode(response["patch"], validate=True)))


def _request(attrs: Attributes, uid: str) -> Object:
    resource = attrs.resource
    kind = {"group": resource.group, "version": resource.version, "kind": resource.kind}
    named = {"group": resource.group, "version": resource.version, "resource": resource.plural}
    part = {"subResource": attrs.subresource} if attrs.subresource else {}
    return {
        "uid": uid,
        "kind": kind,
        "resource": named,
        **part,
        "requestKind": kind,
        "requestResource": named,
        **({"requestSubResource": attrs.subresource} if attrs.subresource else {}),
        "name": attrs.name,
        **({"namespace": attrs.namespace} if attrs.namespace else {}),
        "operation": attrs.operation,
        "userInfo": {"username": attrs.user.name, "groups": list(attrs.user.groups)},
        "object": attrs.object,
        "oldObject": attrs.old_object,
        "dryRun": attrs.dry_run,
        "options": attrs.options,
    }


def _posted(webhook: Object, body: str) -> bytes:
    config = webhook.get("clientConfig") or {}
    address = urlsplit(str(config.get("url") or ""))
    if address.scheme != "https" or not address.hostname:
        raise Unanswered("failed to call webhook: the sandbox reaches webhooks by an https URL only")
    try:
        bundle = base64.b64decode(config.get("caBundle") or "").decode()
        trust = ssl.create_default_context(cadata=bundle or None)
        connection = http.client.HTTPSConnection(
            address.hostname,
            address.port or 443,
            context=trust,
            timeout=int(webhook.get("timeoutSeconds") or SECONDS),
        )
        try:
            path = (address.path or "/") + (f"?{address.query}" if address.query else "")
            connection.request("POST", path, body.encode(), {"Content-Type": "application/json"})
            response = connection.getresponse()
            content = response.read(MOST_BYTES)
        finally:
            connection.close()
    except (OSError, ValueError, http.client.HTTPException) as exc:
        raise Unanswered(f"failed to call webhook: {exc}") from exc
    if response.status != http.client.OK:
        raise Unanswered(f"failed to call webhook: the server answered {response.status}")
    return content
