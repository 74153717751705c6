"""ValidatingAdmissionPolicy: the policies that the cluster stores, evaluated by the portal's own engine."""

from __future__ import annotations

from portal.policy import AdmissionRequest, Bundle, PolicyInvalid, UserInfo, load_bundle
from portal.sandbox import statuses
from portal.sandbox.admission.base import Plugin
from portal.sandbox.contexts import Attributes
from portal.sandbox.objects import Object
from portal.sandbox.resources import Resource, Resources
from portal.sandbox.store import Event, Store

GROUP = "admissionregistration.k8s.io"
POLICY, BINDING = "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"


class ValidatingAdmissionPolicies(Plugin):
    """Compiled once after each change of a policy or binding; costs nothing while none is stored."""

    def __init__(self, store: Store, resources: Resources) -> None:
        self._store = store
        self._resources = resources
        self._policies = resources.require(GROUP, POLICY)
        self._bindings = resources.require(GROUP, BINDING)
        self._namespaces = resources.require("", "Namespace")
        self._bundle: Bundle | None = None
        for resource in (self._policies, self._bindings):
            store.subscribe(resource, self._forget)

    def _forget(self, _event: Event) -> None:
        self._bundle = None

    def validate(self, attrs: Attributes) -> None:
        if attrs.resource.group == GROUP:
            if attrs.resource.kind in (POLICY, BINDING) and not attrs.subresource:
                _check_document(attrs)
            # policies never judge policies, or a wrong one could not be taken away
            return
        bundle = self._loaded()
        if not bundle.bound:
            return
        answer = bundle.admit(self._request(attrs), self._params())
        attrs.warnings.extend(answer.warnings)
        if not answer.allowed:
            resource = attrs.resource
            named = statuses.forbidden(resource, attrs.name, "")
            raise statuses.ApiError(answer.code, answer.reason, answer.message, named.details)

    def _loaded(self) -> Bundle:
        if self._bundle is None:
            documents = [*self._store.list(self._policies), *self._store.list(self._bindings)]
            self._bundle = load_bundle(documents)
        return self._bundle

    def _params(self) -> list[Object]:
        """All objects of the kinds that stored policies take parameters from."""
        found: list[Object] = []
        seen: set[str] = set()
        for policy in self._store.list(self._policies):
            kind = policy["spec"].get("paramKind") or {}
            resource = self._resources.by_api_version(kind.get("apiVersion", ""), kind.get("kind", ""))
            if resource is not None and resource.storage_key not in seen:
                seen.add(resource.storage_key)
                found += self._store.list(resource)
        return found

    def _request(self, attrs: Attributes) -> AdmissionRequest:
        resource: Resource = attrs.resource
        namespace = self._store.get(self._namespaces, None, attrs.namespace) if attrs.namespace else None
        user = attrs.user
        return AdmissionRequest(
            operation=attrs.operation,
            group=resource.group,
            version=resource.version,
            resource=resource.plural,
            kind=resource.kind,
            name=attrs.name,
            namespace=attrs.namespace,
            object=attrs.object,
            old_object=attrs.old_object,
            user=UserInfo(user.name, user.groups, user.uid, user.extra),
            namespace_object=namespace,
            dry_run=attrs.dry_run,
            sub_resource=attrs.subresource,
            options=attrs.options,
        )


def _check_document(attrs: Attributes) -> None:
    """Refuse a policy that does not compile, with every problem and where it is."""
    if attrs.object is None or attrs.operation not in ("CREATE", "UPDATE"):
        return
    try:
        load_bundle([attrs.object])
    except PolicyInvalid as invalid:
        errors = [
            statuses.FieldError("FieldValueInvalid", problem.field, problem.message)
            for problem in invalid.problems
        ]
        raise statuses.invalid_object(attrs.resource, attrs.name, errors) from invalid
