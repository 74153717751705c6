"""Nobody gives more than they have: roles and bindings are checked against the rules of who writes them.

In Kubernetes this is part of the RBAC registry; as a plugin it sees the same requests.
"""

from __future__ import annotations

from portal.sandbox import statuses
from portal.sandbox.admission.base import Plugin
from portal.sandbox.contexts import Attributes
from portal.sandbox.objects import Object
from portal.sandbox.rbac import rules
from portal.sandbox.rbac.authorizer import RBAC, Authorizer
from portal.sandbox.users import MASTERS


class EscalationCheck(Plugin):
    def __init__(self, authorizer: Authorizer) -> None:
        self._authorizer = authorizer

    def validate(self, attrs: Attributes) -> None:
        if (
            attrs.resource.group != RBAC
            or attrs.operation not in ("CREATE", "UPDATE")
            or attrs.object is None
        ):
            return
        if MASTERS in attrs.user.groups:
            return
        old, new = attrs.old_object or {}, attrs.object
        if attrs.resource.kind in ("Role", "ClusterRole"):
            if new.get("rules") != old.get("rules") or new.get("aggregationRule") != old.get(
                "aggregationRule"
            ):
                self._check_role(attrs, new)
        elif new.get("roleRef") != old.get("roleRef") or new.get("subjects") != old.get("subjects"):
            self._check_binding(attrs, new["roleRef"])

    def _check_role(self, attrs: Attributes, role: Object) -> None:
        if self._may(attrs, "escalate", attrs.resource.plural, attrs.name):
            return
        wanted = role.get("rules") or []
        if role.get("aggregationRule"):
            wanted = [{"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}]
        self._refuse_more(attrs, wanted)

    def _check_binding(self, attrs: Attributes, reference: Object) -> None:
        plural = "clusterroles" if reference["kind"] == "ClusterRole" else "roles"
        if self._may(attrs, "bind", plural, reference["name"]):
            return
        wanted = self._authorizer.role_rules(reference, attrs.namespace)
        if wanted is None:
            missing = f'{plural}.{RBAC} "{reference["name"]}" not found'
            raise statuses.ApiError(
                404, "NotFound", missing, {"name": reference["name"], "group": RBAC, "kind": plural}
            )
        self._refuse_more(attrs, wanted)

    def _may(self, attrs: Attributes, verb: str, plural: str, name: str) -> bool:
        return self._authorizer.allowed(attrs.user, verb, RBAC, plural, "", attrs.namespace, name)[0]

    def _refuse_more(self, attrs: Attributes, wanted: list[rules.Rule]) -> None:
        owned, _ = self._authorizer.rules_for(attrs.user, attrs.namespace)
        extra = rules.uncovered(owned, wanted)
        if extra:
            listed = "\n".join(rules.describe(rule) for rule in extra)
            groups = " ".join(f'"{group}"' for group in attrs.user.groups)
            why = (
                f'user "{attrs.user.name}" (groups=[{groups}]) is attempting to grant RBAC permissions '
                f"not currently held:\n{listed}"
            )
            raise statuses.forbidden(attrs.resource, attrs.name, why)
