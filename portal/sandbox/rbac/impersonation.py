"""Impersonation: acting as another user, group or service account (`Impersonate-*` headers)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from urllib.parse import unquote

from portal.sandbox.contexts import Authorizer
from portal.sandbox.rbac import tokens
from portal.sandbox.rbac.refusals import forbidden
from portal.sandbox.statuses import bad_request
from portal.sandbox.users import ANONYMOUS_NAME, AUTHENTICATED, UNAUTHENTICATED, UserInfo

USER, GROUP, UID, EXTRA = "impersonate-user", "impersonate-group", "impersonate-uid", "impersonate-extra-"
_AUTHENTICATION = "authentication.k8s.io"
_ACCOUNT_PREFIX = "system:serviceaccount:"


def impersonated(user: UserInfo, headers: Iterable[tuple[str, str]], authorizer: Authorizer) -> UserInfo:
    """Whom the request acts as: `user`, or whom its headers name when `user` may impersonate all of it.

    Raises Forbidden; BadRequest when groups, a uid or extras come without a user.
    """
    wanted = [(key.lower(), value) for key, value in headers if key.lower().startswith("impersonate-")]
    if not wanted:
        return user
    name = next((value for key, value in wanted if key == USER), "")
    groups = [value for key, value in wanted if key == GROUP]
    uid = next((value for key, value in wanted if key == UID), "")
    extra: dict[str, list[str]] = {}
    for key, value in wanted:
        if key.startswith(EXTRA):
            extra.setdefault(unquote(key.removeprefix(EXTRA)), []).append(value)
    if not name:
        raise bad_request("requested groups, uid or extra without impersonating a user")
    _check(user, name, groups, uid, extra, authorizer)
    return UserInfo(name, _groups(name, groups), uid, {key: tuple(values) for key, values in extra.items()})


def _check(
    user: UserInfo,
    name: str,
    groups: list[str],
    uid: str,
    extra: Mapping[str, list[str]],
    authorizer: Authorizer,
) -> None:
    account = _account(name)
    asked = [("", "serviceaccounts", "", *account) if account else ("", "users", "", "", name)]
    asked += [("", "groups", "", "", group) for group in groups]
    asked += [(_AUTHENTICATION, "uids", "", "", uid)] if uid else []
    asked += [
        (_AUTHENTICATION, "userextras", key, "", value) for key, values in extra.items() for value in values
    ]
    for group, plural, subresource, namespace, target in asked:
        allowed, reason = authorizer.allowed(
            user, "impersonate", group, plural, subresource, namespace, target
        )
        if not allowed:
            raise forbidden(user, "impersonate", group, plural, subresource, namespace, target, reason)


def _account(name: str) -> tuple[str, str] | None:
    """Namespace and name of a service account's user name."""
    namespace, colon, account = name.removeprefix(_ACCOUNT_PREFIX).partition(":")
    if not name.startswith(_ACCOUNT_PREFIX) or not colon or not namespace or not account:
        return None
    return namespace, account


def _groups(name: str, asked: list[str]) -> tuple[str, ...]:
    if name == ANONYMOUS_NAME:
        return tuple(asked) or (UNAUTHENTICATED,)
    account = _account(name)
    groups = list(asked)
    if account and not asked:
        groups = list(tokens.groups(account[0]))
    return tuple(dict.fromkeys([*groups, AUTHENTICATED]))
