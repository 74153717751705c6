"""The authorizer: from the stored Roles, ClusterRoles and their bindings to a yes or no with its reason.

`system:masters` is let through before any rule, as the API server's privileged-group authorizer does.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from portal.sandbox.objects import Object
from portal.sandbox.rbac import rules
from portal.sandbox.resources import Resources
from portal.sandbox.store import Event, Store
from portal.sandbox.users import MASTERS, UserInfo

RBAC = "rbac.authorization.k8s.io"
Decision = tuple[bool, str]
# a subject as bindings name it: kind and name, service accounts by their user name
Subject = tuple[str, str]


class Authorizer:
    """Answers from an index of bindings by subject, rebuilt lazily after a binding has changed."""

    def __init__(self, store: Store, resources: Resources) -> None:
        self._store = store
        self._roles = resources.require(RBAC, "Role")
        self._cluster_roles = resources.require(RBAC, "ClusterRole")
        self._role_bindings = resources.require(RBAC, "RoleBinding")
        self._cluster_role_bindings = resources.require(RBAC, "ClusterRoleBinding")
        self._index: dict[tuple[str, Subject], list[Object]] | None = None
        for resource in (self._role_bindings, self._cluster_role_bindings):
            store.subscribe(resource, self._forget)

    def allowed(
        self,
        user: UserInfo,
        verb: str,
        group: str,
        plural: str,
        subresource: str = "",
        namespace: str = "",
        name: str = "",
    ) -> Decision:
        """Whether `user` may `verb` the resource; the reason names the binding, or what is broken."""
        if MASTERS in user.groups:
            return True, ""
        missing = []
        for binding, subject, granted, problem in self._granted(user, namespace):
            if problem:
                missing.append(problem)
            if any(rules.allows(rule, verb, group, plural, subresource, name) for rule in granted):
                return True, _because(binding, subject)
        return False, _broken(missing)

    def allowed_path(self, user: UserInfo, verb: str, path: str) -> Decision:
        """Whether `user` may `verb` a path that is no resource (`/healthz`)."""
        if MASTERS in user.groups:
            return True, ""
        for binding, subject, granted, _ in self._granted(user, ""):
            if any(rules.allows_path(rule, verb, path) for rule in granted):
                return True, _because(binding, subject)
        return False, ""

    def rules_for(self, user: UserInfo, namespace: str) -> tuple[list[rules.Rule], list[str]]:
        """Every rule that holds for `user` in `namespace` ("" is the cluster), and what could not be read."""
        if MASTERS in user.groups:
            everything = [
                {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]},
                {"verbs": ["*"], "nonResourceURLs": ["*"]},
            ]
            return list(everything), []
        granted: list[rules.Rule] = []
        problems = []
        for _, _, found, problem in self._granted(user, namespace):
            granted.extend(found)
            if problem:
                problems.append(problem)
        return granted, problems

    def role_rules(self, reference: Object, namespace: str) -> list[rules.Rule] | None:
        """The rules of a roleRef as seen from `namespace`; None when there is no such role."""
        if reference.get("kind") == "ClusterRole":
            role = self._store.get(self._cluster_roles, None, reference["name"])
        else:
            role = self._store.get(self._roles, namespace, reference["name"])
        return None if role is None else role.get("rules") or []

    def _granted(
        self, user: UserInfo, namespace: str
    ) -> Iterator[tuple[Object, Subject, list[rules.Rule], str]]:
        index = self._bindings()
        for scope in ("", namespace) if namespace else ("",):
            for subject in _subjects_of(user):
                for binding in index.get((scope, subject), ()):
                    reference = binding["roleRef"]
                    found = self.role_rules(reference, scope)
                    problem = ""
                    if found is None:
                        problem = f'{reference["kind"].lower()}.{RBAC} "{reference["name"]}" not found'
                    yield binding, subject, found or [], problem

    def _bindings(self) -> dict[tuple[str, Subject], list[Object]]:
        if self._index is None:
            index: dict[tuple[str, Subject], list[Object]] = defaultdict(list)
            for resource in (self._cluster_role_bindings, self._role_bindings):
                for binding in self._store.list(resource):
                    scope = binding["metadata"].get("namespace", "")
                    for subject in binding.get("subjects") or ():
                        index[scope, _subject_key(subject, scope)].append(binding)
            self._index = index
        return self._index

    def _forget(self, _event: Event) -> None:
        self._index = None


def _subject_key(subject: Object, scope: str) -> Subject:
    if subject["kind"] == "ServiceAccount":
        namespace = subject.get("namespace") or scope
        return "User", f"system:serviceaccount:{namespace}:{subject['name']}"
    return subject["kind"], subject["name"]


def _subjects_of(user: UserInfo) -> list[Subject]:
    return [("User", user.name), *(("Group", group) for group in user.groups)]


def _because(binding: Object, subject: Subject) -> str:
    kind, name = subject
    if kind == "User" and name.startswith("system:serviceaccount:"):
        namespace, account = name.split(":")[2:4]
        kind, name = "ServiceAccount", f"{account}/{namespace}"
    metadata = binding["metadata"]
    namespace = metadata.get("namespace", "")
    bound = f"{metadata['name']}/{namespace}" if namespace else metadata["name"]
    reference = binding["roleRef"]
    return (
        f'RBAC: allowed by {"RoleBinding" if namespace else "ClusterRoleBinding"} "{bound}" '
        f'of {reference["kind"]} "{reference["name"]}" to {kind} "{name}"'
    )


def _broken(problems: list[str]) -> str:
    if not problems:
        return ""
    unique = list(dict.fromkeys(problems))
    return f"RBAC: {unique[0] if len(unique) == 1 else '[' + ', '.join(unique) + ']'}"
