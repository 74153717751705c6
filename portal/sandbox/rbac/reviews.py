"""The reviews: who am I, may I, may they, and what may I do here. Answered, never stored."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from portal.sandbox import statuses
from portal.sandbox.objects import Object, clone
from portal.sandbox.rbac.authorizer import Authorizer
from portal.sandbox.rbac.tokens import AUDIENCES
from portal.sandbox.statuses import field_invalid
from portal.sandbox.users import UserInfo

if TYPE_CHECKING:
    from portal.sandbox.rbac.accounts import ServiceAccountTokens


class Reviews:
    """`answer(kind, body, user)` gives the review with its status filled in."""

    def __init__(self, authorizer: Authorizer, accounts: ServiceAccountTokens) -> None:
        self._authorizer = authorizer
        self._accounts = accounts
        self._answers: dict[str, Callable[[Object, UserInfo], Object]] = {
            "SelfSubjectReview": self._self,
            "SelfSubjectAccessReview": self._self_access,
            "SubjectAccessReview": self._access,
            "LocalSubjectAccessReview": self._access,
            "SelfSubjectRulesReview": self._rules,
            "TokenReview": self._token,
        }

    def answers(self, kind: str) -> bool:
        return kind in self._answers

    def answer(self, kind: str, body: Object, user: UserInfo, namespace: str = "") -> Object:
        """Raises 422 for a review that asks nothing, or a local one of another namespace."""
        result: Object = clone(body)
        spec = result.setdefault("spec", {})
        if kind == "LocalSubjectAccessReview":
            asked = (spec.get("resourceAttributes") or {}).get("namespace")
            if asked != namespace:
                detail = "must match metadata.namespace"
                raise _invalid(kind, "spec.resourceAttributes.namespace", asked, detail)
        result["status"] = self._answers[kind](spec, user)
        return result

    def _self(self, _spec: Object, user: UserInfo) -> Object:
        return {"userInfo": described(user)}

    def _self_access(self, spec: Object, user: UserInfo) -> Object:
        return self._decide("SelfSubjectAccessReview", spec, user)

    def _access(self, spec: Object, _user: UserInfo) -> Object:
        groups = tuple(spec.get("groups") or ())
        if not spec.get("user") and not groups:
            raise _invalid(
                "SubjectAccessReview", "spec.user", "", "at least one of user or group must be specified"
            )
        return self._decide("SubjectAccessReview", spec, UserInfo(spec.get("user", ""), groups))

    def _decide(self, kind: str, spec: Object, user: UserInfo) -> Object:
        resource, path = spec.get("resourceAttributes"), spec.get("nonResourceAttributes")
        if (resource is None) == (path is None):
            detail = "exactly one of nonResourceAttributes or resourceAttributes must be specified"
            raise _invalid(kind, "spec.resourceAttributes", resource, detail)
        if resource:
            allowed, reason = self._authorizer.allowed(
                user,
                resource.get("verb", ""),
                resource.get("group", ""),
                resource.get("resource", ""),
                resource.get("subresource", ""),
                resource.get("namespace", ""),
                resource.get("name", ""),
            )
        else:
            path = path or {}
            allowed, reason = self._authorizer.allowed_path(user, path.get("verb", ""), path.get("path", ""))
        return {"allowed": allowed, **({"reason": reason} if reason else {})}

    def _rules(self, spec: Object, user: UserInfo) -> Object:
        if not spec.get("namespace"):
            raise statuses.bad_request("no namespace on request")
        granted, problems = self._authorizer.rules_for(user, spec["namespace"])
        status: Object = {
            "resourceRules": [dict(rule) for rule in granted if rule.get("resources")],
            "nonResourceRules": [dict(rule) for rule in granted if rule.get("nonResourceURLs")],
            "incomplete": bool(problems),
        }
        if problems:
            status["evaluationError"] = ", ".join(problems)
        return status

    def _token(self, spec: Object, _user: UserInfo) -> Object:
        user = self._accounts.authenticate(spec.get("token", ""))
        if user is None:
            return {"user": {}, "error": "[invalid bearer token]"}
        return {"authenticated": True, "user": described(user), "audiences": AUDIENCES}


def described(user: UserInfo) -> Object:
    """A user as reviews print it."""
    return {
        "username": user.name,
        **({"uid": user.uid} if user.uid else {}),
        "groups": list(user.groups),
        **({"extra": {key: list(values) for key, values in user.extra.items()}} if user.extra else {}),
    }


def _invalid(kind: str, field: str, value: object, detail: str) -> statuses.ApiError:
    return statuses.invalid("authorization.k8s.io", kind, "", [field_invalid(field, value, detail)])
