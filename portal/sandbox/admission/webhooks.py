"""MutatingWebhookConfiguration: which webhooks a request is shown to, and what their patches make of it.

After k8s.io/apiserver/pkg/admission/plugin/webhook. Left out: matchConditions, reinvocation, and converting
objects for rules that name another version of the same kind.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from portal.sandbox import patches, selectors
from portal.sandbox.admission.base import Plugin
from portal.sandbox.admission.webhook_calls import Unanswered, call
from portal.sandbox.contexts import Attributes
from portal.sandbox.decoding import Decoder
from portal.sandbox.objects import Object, clone
from portal.sandbox.resources import Resource, Resources
from portal.sandbox.statuses import ApiError, bad_request, internal
from portal.sandbox.store import Store

GROUP, KIND = "admissionregistration.k8s.io", "MutatingWebhookConfiguration"
WITHOUT_EFFECT = ("None", "NoneOnDryRun")


class MutatingWebhooks(Plugin):
    """Calls them one after the other, by name of their configuration; costs nothing while there are none.

    The server answers nobody else meanwhile, so a webhook must not ask the sandbox in turn.
    """

    def __init__(self, store: Store, resources: Resources, decoder: Decoder) -> None:
        self._store = store
        self._decoder = decoder
        self._configurations = resources.require(GROUP, KIND)
        self._namespaces = resources.require("", "Namespace")

    def mutate(self, attrs: Attributes) -> None:
        if attrs.object is None or attrs.resource.group == GROUP:
            return
        for webhook in self._webhooks():
            if self._concerns(webhook, attrs):
                self._show(webhook, attrs)

    def _webhooks(self) -> Iterator[Object]:
        found = self._store.list(self._configurations)
        for configuration in sorted(found, key=lambda each: str(each["metadata"]["name"])):
            yield from configuration.get("webhooks") or ()

    def _concerns(self, webhook: Object, attrs: Attributes) -> bool:
        if not any(_matches(rule, attrs) for rule in webhook.get("rules") or ()):
            return False
        objects = [each for each in (attrs.object, attrs.old_object) if each is not None]
        if not _selects(webhook.get("objectSelector"), objects):
            return False
        if attrs.resource.namespaced:
            namespace = self._store.get(self._namespaces, None, attrs.namespace)
            return _selects(webhook.get("namespaceSelector"), [namespace or {}])
        if attrs.resource.kind == "Namespace":
            return _selects(webhook.get("namespaceSelector"), objects)
        return True

    def _show(self, webhook: Object, attrs: Attributes) -> None:
        name = webhook["name"]
        if attrs.dry_run and webhook.get("sideEffects") not in WITHOUT_EFFECT:
            raise bad_request(f'admission webhook "{name}" does not support dry run')
        try:
            answer = call(webhook, attrs)
        except Unanswered as exc:
            if webhook.get("failurePolicy") == "Ignore":
                return
            raise internal(f'failed calling webhook "{name}": {exc}') from exc
        attrs.warnings.extend(str(warning) for warning in answer.warnings)
        if not answer.allowed:
            raise _denied(name, answer.status)
        if answer.patch:
            self._change(attrs, answer.patch)

    def _change(self, attrs: Attributes, operations: list[Any]) -> None:
        """Decoded and defaulted again, as whatever comes from outside."""
        changed = patches.json_patch(clone(attrs.object), operations)
        attrs.object = self._decoder.decode(attrs.resource, changed, "Ignore", [])


def _matches(rule: Object, attrs: Attributes) -> bool:
    resource = attrs.resource
    scope = rule.get("scope") or "*"
    return (
        _holds(rule.get("operations"), attrs.operation)
        and _holds(rule.get("apiGroups"), resource.group)
        and _holds(rule.get("apiVersions"), resource.version)
        and scope in ("*", "Namespaced" if resource.namespaced else "Cluster")
        and any(_names(text, resource, attrs.subresource) for text in rule.get("resources") or ())
    )


def _holds(values: Iterable[str] | None, value: str) -> bool:
    return any(each in ("*", value) for each in values or ())


def _names(text: str, resource: Resource, subresource: str) -> bool:
    """`pods`, `pods/status`, `pods/*`, `*/status`, `*` (no subresources) and `*/*`."""
    plural, _, part = text.partition("/")
    return plural in ("*", resource.plural) and (part == subresource or (part == "*" and "/" in text))


def _selects(selector: Object | None, objects: Iterable[Object]) -> bool:
    if not selector:
        return True
    matches = selectors.match_labels(selectors.text_of(selector))
    return matches is None or any(matches(each) for each in objects)


def _denied(name: str, status: Object) -> ApiError:
    said = status.get("message") or status.get("reason")
    why = f": {said}" if said else " without explanation"
    code = int(status.get("code") or 0)
    message = f'admission webhook "{name}" denied the request{why}'
    return ApiError(code if code >= 400 else 400, str(status.get("reason") or ""), message, {})
