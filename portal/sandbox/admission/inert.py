"""Objects that the sandbox stores but never acts on: their writer is told, instead of waiting for nothing."""

from __future__ import annotations

from portal.sandbox.admission.base import Plugin
from portal.sandbox.contexts import Attributes

INERT = {
    ("", "replicationcontrollers"): "makes no pods for it",
    ("admissionregistration.k8s.io", "mutatingadmissionpolicies"): "does not apply it",
    ("admissionregistration.k8s.io", "validatingwebhookconfigurations"): "calls no webhooks",
    ("apiregistration.k8s.io", "apiservices"): "forwards no requests to it",
    ("certificates.k8s.io", "certificatesigningrequests"): "never signs it",
}


class InertKinds(Plugin):
    def validate(self, attrs: Attributes) -> None:
        what = INERT.get((attrs.resource.group, attrs.resource.plural))
        if what and attrs.operation == "CREATE" and not attrs.subresource:
            attrs.warnings.append(f"the sandbox cluster stores this {attrs.resource.kind} but {what}")
