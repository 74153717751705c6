"""The words in which the authorizer's no reaches the client."""

from __future__ import annotations

from portal.sandbox.statuses import ApiError
from portal.sandbox.users import UserInfo


def forbidden(
    user: UserInfo,
    verb: str,
    group: str,
    plural: str,
    subresource: str = "",
    namespace: str = "",
    name: str = "",
    reason: str = "",
) -> ApiError:
    """403 for a resource request."""
    shown = f"{plural}.{group}" if group else plural
    named = f'{shown} "{name}"' if name else shown
    full = f"{plural}/{subresource}" if subresource else plural
    where = f'in the namespace "{namespace}"' if namespace else "at the cluster scope"
    what = f'{verb} resource "{full}" in API group "{group}" {where}'
    message = f'{named} is forbidden: User "{user.name}" cannot {what}'
    if reason:
        message = f"{message}: {reason}"
    details = {**({"name": name} if name else {}), **({"group": group} if group else {}), "kind": plural}
    return ApiError(403, "Forbidden", message, details)


def forbidden_path(user: UserInfo, verb: str, path: str) -> ApiError:
    """403 for a request that is about no resource."""
    message = f'forbidden: User "{user.name}" cannot {verb} path "{path}"'
    return ApiError(403, "Forbidden", message, {})
