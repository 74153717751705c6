"""Lists: selectors, pages that stay consistent while the cluster changes, and the encoding of many
objects."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass

from portal.sandbox import conversions, selectors
from portal.sandbox.objects import Object, encode, name_of, namespace_of
from portal.sandbox.resources import Resource
from portal.sandbox.selectors import Matcher
from portal.sandbox.server.requests import Options
from portal.sandbox.statuses import (
    ApiError,
    bad_request,
    field_forbidden,
    field_unsupported,
    invalid,
    version_too_large,
)
from portal.sandbox.store import Store

_END = "\u0000"
_TOO_OLD = (
    "The provided continue parameter is too old to display a consistent list result. You can start a "
    "new list without "
    "the continue parameter, or use the continue token in this response to retrieve the remainder of "
    "the results. "
    "Continuing with the provided token results in an inconsistent list - objects that were created, "
    "modified, or "
    "deleted between the time the first chunk was returned and now may show up in the list."
)


@dataclass(frozen=True)
class Selection:
    """Which objects of a resource a list or watch is about."""

    resource: Resource
    namespace: str = ""
    labels: Matcher | None = None
    fields: Matcher | None = None

    def matches(self, obj: Object) -> bool:
        if self.namespace and namespace_of(obj) != self.namespace:
            return False
        if self.labels is not None and not self.labels(obj):
            return False
        return self.fields is None or self.fields(obj)

    @property
    def is_whole(self) -> bool:
        return self.labels is None and self.fields is None


@dataclass
class Page:
    """One answer: the objects in the stored version, the version it shows, and how to go on."""

    items: list[Object]
    version: int
    token: str = ""
    remaining: int | None = None


def selection(
    resource: Resource, namespace: str, name: str, options: Options, selectable: tuple[str, ...] = ()
) -> Selection:
    """Read the selectors of a query; raises BadRequest."""
    fields = options.text("fieldSelector")
    if name:
        fields = f"{fields},metadata.name={name}".lstrip(",")
    return Selection(
        resource,
        namespace if resource.namespaced else "",
        selectors.match_labels(options.text("labelSelector")),
        selectors.match_fields(fields, resource, selectable),
    )


def page(store: Store, chosen: Selection, options: Options) -> Page:
    """The objects asked for; raises Gone for tokens that are too old, and BadRequest or Invalid for
    nonsense."""
    limit, token = options.number("limit") or 0, options.text("continue")
    _check(options, limit, token)
    asked, start = (0, "") if not token else _read(token)
    version = asked if asked > 0 else _exact_version(store, options)
    if version and version < store.oldest:
        if asked:
            raise _Expired(_token(store.revision, start))
        raise ApiError(410, "Expired", f"The resourceVersion for the provided list is too old. ({version})")
    everything = _at(store, chosen, version) if version else store.list(chosen.resource, chosen.namespace)
    if start:
        everything = [obj for obj in everything if _key(chosen, obj) >= start]
    shown = version or store.revision
    found = everything if chosen.is_whole else [obj for obj in everything if chosen.matches(obj)]
    if not limit or len(found) <= limit:
        return Page(found, shown)
    last = _key(chosen, found[limit - 1])
    remaining = len(found) - limit if chosen.is_whole else None
    return Page(found[:limit], shown, _token(shown, f"{last}{_END}"), remaining)


def text(store: Store, chosen: Selection, found: Page) -> str:
    """The list as JSON, from the objects' kept encodings."""
    resource = chosen.resource
    metadata = {
        "resourceVersion": str(found.version),
        **({"continue": found.token} if found.token else {}),
        **({"remainingItemCount": found.remaining} if found.remaining else {}),
    }
    head = {"kind": resource.list_kind, "apiVersion": resource.group_version, "metadata": metadata}
    items = [item_text(store, resource, obj) for obj in found.items]
    return f'{encode(head)[:-1]},"items":[{",".join(items)}]}}'


def item_text(store: Store, resource: Resource, obj: Object) -> str:
    """One item; built-in kinds leave out kind and apiVersion, which the list has said."""
    if obj.get("apiVersion") != resource.group_version:
        whole = encode(conversions.from_storage(resource, obj))
    else:
        whole = store.encoded(resource, obj)
    if resource.custom:
        return whole
    said = f'{{"kind":"{resource.kind}","apiVersion":"{resource.group_version}",'
    return f"{{{whole[len(said) :]}" if whole.startswith(said) else whole


def check_version(store: Store, options: Options) -> int:
    """The resourceVersion asked for (0 when none); raises when it is none, or from the future."""
    text_ = options.text("resourceVersion")
    if text_ in ("", "0"):
        return 0
    if not text_.isdigit():
        raise bad_request(
            f'invalid resource version "{text_}": strconv.ParseUint: parsing "{text_}": invalid syntax'
        )
    version = int(text_)
    if version > store.revision:
        raise version_too_large(version, store.revision)
    return version


def _check(options: Options, limit: int, token: str) -> None:
    match = options.text("resourceVersionMatch")
    version = options.text("resourceVersion")
    errors = []
    if match not in ("", "Exact", "NotOlderThan"):
        errors.append(field_unsupported("resourceVersionMatch", match, ["Exact", "NotOlderThan", ""]))
    if match and not version and not options.text("sendInitialEvents"):
        why = "resourceVersionMatch is forbidden unless resourceVersion is provided"
        errors.append(field_forbidden("resourceVersionMatch", why))
    if match and token:
        errors.append(
            field_forbidden(
                "resourceVersionMatch", "resourceVersionMatch is forbidden when continue is provided"
            )
        )
    if match == "Exact" and version == "0":
        errors.append(
            field_forbidden(
                "resourceVersionMatch", 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"'
            )
        )
    if errors:
        raise invalid("meta.k8s.io", "ListOptions", "", errors)
    if token and version not in ("", "0"):
        raise bad_request("specifying resource version is not allowed when using continue")
    if limit < 0:
        raise bad_request(f"limit must not be negative, got {limit}")


def _exact_version(store: Store, options: Options) -> int:
    version = check_version(store, options)
    return version if options.text("resourceVersionMatch") == "Exact" else 0


def _key(chosen: Selection, obj: Object) -> str:
    """An object's place in the order of a list, as its etcd key is."""
    name = name_of(obj)
    if chosen.namespace or not chosen.resource.namespaced:
        return f"/{name}"
    return f"{namespace_of(obj)}/{name}"


def _at(store: Store, chosen: Selection, version: int) -> list[Object]:
    """The objects as they were at `version`: today's, with every change since then taken back."""
    found = {(namespace_of(obj), name_of(obj)): obj for obj in store.list(chosen.resource, chosen.namespace)}
    for event in reversed(store.since(chosen.resource, version)):
        namespace, name = namespace_of(event.object), name_of(event.object)
        if chosen.namespace and namespace != chosen.namespace:
            continue
        if event.previous is None:
            found.pop((namespace, name), None)
        else:
            found[namespace, name] = event.previous
    return [found[key] for key in sorted(found)]


def _token(version: int, start: str) -> str:
    raw = json.dumps({"v": "meta.k8s.io/v1", "rv": version, "start": start}, separators=(",", ":"))
    return base64.urlsafe_b64encode(raw.encode()).rstrip(b"=").decode()


def _read(token: str) -> tuple[int, str]:
    try:
        found = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        version, start = found["rv"], found["start"]
    except (ValueError, KeyError, TypeError) as error:
        raise bad_request(f"continue key is not valid: {error}") from error
    if found.get("v") != "meta.k8s.io/v1" or not isinstance(version, int) or not isinstance(start, str):
        raise bad_request("continue key is not valid: server does not recognize this encoded version")
    return version, start


class _Expired(ApiError):
    """410 that tells how to go on inconsistently."""

    def __init__(self, token: str) -> None:
        super().__init__(410, "Expired", _TOO_OLD)
        self._token = token

    def status(self) -> Object:
        return {**super().status(), "metadata": {"continue": self._token}}
