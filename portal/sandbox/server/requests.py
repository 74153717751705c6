"""What a request asks, read from its method, path and query as the API server reads them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import cast
from urllib.parse import unquote

from portal.sandbox.contexts import FieldValidation, Propagation, RequestContext
from portal.sandbox.objects import Object
from portal.sandbox.statuses import ApiError, bad_request, field_invalid, field_unsupported, invalid
from portal.sandbox.users import UserInfo

_VERBS = {
    "POST": "create",
    "GET": "get",
    "HEAD": "get",
    "PUT": "update",
    "PATCH": "patch",
    "DELETE": "delete",
}
_NAMESPACE_SUBRESOURCES = {"status", "finalize"}
_MAX_MANAGER = 128


@dataclass(frozen=True)
class Target:
    """The resource part of a request; `group_version` alone is a discovery request."""

    verb: str = ""
    group: str = ""
    version: str = ""
    plural: str = ""
    namespace: str = ""
    name: str = ""
    subresource: str = ""
    # what follows the subresource (`proxy/some/path`)
    rest: str = ""


@dataclass(frozen=True)
class Options:
    """The query of a list, watch or write."""

    query: Mapping[str, str] = field(default_factory=dict)

    def text(self, name: str) -> str:
        return self.query.get(name, "")

    def flag(self, name: str) -> bool:
        return self.query.get(name, "").lower() in ("true", "1")

    def number(self, name: str) -> int | None:
        value = self.query.get(name)
        if value is None or value == "":
            return None
        try:
            return int(value)
        except ValueError as error:
            raise bad_request(f'strconv.ParseInt: parsing "{value}": invalid syntax') from error


def target(method: str, path: str, options: Options) -> Target | None:
    """The resource that a path names; None when it is no resource path."""
    parts = [unquote(part) for part in path.strip("/").split("/")]
    if parts[0] == "api" and len(parts) >= 2:
        found, rest = Target(version=parts[1]), parts[2:]
    elif parts[0] == "apis" and len(parts) >= 3:
        found, rest = Target(group=parts[1], version=parts[2]), parts[3:]
    else:
        return None
    if not rest:
        return replace(found, verb="get")
    if rest[0] == "namespaces" and len(rest) >= 3 and rest[2] not in _NAMESPACE_SUBRESOURCES:
        found, rest = replace(found, namespace=rest[1]), rest[2:]
    plural, *below = rest
    name, subresource, *extra = [*below, "", ""][: max(2, len(below))]
    verb = _VERBS.get(method, method.lower())
    if verb == "get":
        if options.flag("watch"):
            verb = "watch"
        elif not name:
            verb = "list"
    elif verb == "delete" and not name:
        verb = "deletecollection"
    namespace = name if plural == "namespaces" and not found.group else found.namespace
    return replace(
        found,
        verb=verb,
        plural=plural,
        namespace=namespace,
        name=name,
        subresource=subresource,
        rest="/".join(extra),
    )


def context(user: UserInfo, options: Options, agent: str, warnings: list[str]) -> RequestContext:
    """The options of a write; raises Invalid in the API server's words."""
    errors = []
    dry_run = options.query.get("dryRun", "")
    if dry_run not in ("", "All"):
        errors.append(field_unsupported("dryRun", [dry_run], ["All"]))
    validation = options.query.get("fieldValidation", "") or "Warn"
    if validation not in ("Strict", "Warn", "Ignore"):
        errors.append(field_unsupported("fieldValidation", validation, ["", "Ignore", "Strict", "Warn"]))
    manager = options.query.get("fieldManager", "")
    if len(manager) > _MAX_MANAGER:
        errors.append(field_invalid("fieldManager", manager, f"may not be more than {_MAX_MANAGER} bytes"))
    if errors:
        raise invalid("meta.k8s.io", "CreateOptions", "", errors)
    found: FieldValidation = (
        "Strict" if validation == "Strict" else "Warn" if validation == "Warn" else "Ignore"
    )
    return RequestContext(
        user,
        field_manager=manager or (agent.partition("/")[0] or "unknown")[:_MAX_MANAGER],
        dry_run=dry_run == "All",
        field_validation=found,
        force=options.flag("force"),
        warnings=warnings,
    )


def with_delete_options(ctx: RequestContext, options: Options, body: Object | None) -> RequestContext:
    """The DeleteOptions of a body, or else of the query; raises BadRequest and Invalid."""
    body = body or {}
    preconditions = body.get("preconditions") or {}
    grace = body.get("gracePeriodSeconds", options.number("gracePeriodSeconds"))
    policy = body.get("propagationPolicy") or options.text("propagationPolicy")
    orphan = body.get("orphanDependents")
    if orphan is None and options.text("orphanDependents"):
        orphan = options.flag("orphanDependents")
    if policy and orphan is not None:
        error = field_invalid(
            "propagationPolicy", policy, "orphanDependents and propagationPolicy cannot be both set"
        )
        raise invalid("meta.k8s.io", "DeleteOptions", "", [error])
    if policy not in ("", "Background", "Foreground", "Orphan"):
        error = field_unsupported("propagationPolicy", policy, ["Background", "Foreground", "Orphan", "nil"])
        raise invalid("meta.k8s.io", "DeleteOptions", "", [error])
    if orphan is not None:
        policy = "Orphan" if orphan else "Background"
    return replace(
        ctx,
        propagation=cast(Propagation, policy),
        dry_run=ctx.dry_run or body.get("dryRun") == ["All"],
        grace_period_seconds=grace,
        precondition_uid=preconditions.get("uid") or "",
        precondition_version=preconditions.get("resourceVersion") or "",
    )


def not_found_page() -> ApiError:
    """404 for a path that is nothing; its body is plain text."""
    return ApiError(404, "", "404 page not found\n")


def applying(ctx: RequestContext, options: Options) -> RequestContext:
    """An apply must name its manager itself; the user agent will not do."""
    return replace(ctx, field_manager=options.text("fieldManager"))
