"""JSON patch (RFC 6902), JSON merge patch (RFC 7396), and which patch goes where."""

from __future__ import annotations

from typing import Any

from portal.policy.schema.types import Node
from portal.sandbox import strategic
from portal.sandbox.objects import Object, clone
from portal.sandbox.statuses import ApiError, bad_request

JSON = "application/json-patch+json"
MERGE = "application/merge-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"
APPLY = "application/apply-patch+yaml"
# the API server's limit on the operations of one JSON patch
MAX_OPERATIONS = 10_000


def rejected() -> ApiError:
    """A JSON patch that cannot be carried out."""
    return ApiError(422, "Invalid", "the server rejected our request due to an error in our request", {})


def apply(patch_type: str, old: Object, patch: Any, node: Node) -> Object:
    """The patched object; `old` may be changed. Raises BadRequest or Invalid."""
    if patch_type == JSON:
        return json_patch(old, patch)
    if not isinstance(patch, dict):
        raise bad_request("json: cannot unmarshal array into Go value of type map[string]interface {}")
    if patch_type == MERGE:
        result: Object = merge(old, patch)
        return result
    return strategic.merge(node, old, patch)


def merge(old: Any, patch: Any) -> Any:
    """RFC 7396: null deletes, objects unite, everything else replaces."""
    if not isinstance(patch, dict):
        return clone(patch)
    result = dict(old) if isinstance(old, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merge(result.get(key), value)
    return result


def json_patch(old: Object, operations: Any) -> Object:
    """RFC 6902; one failing operation fails all."""
    if not isinstance(operations, list) or not all(isinstance(each, dict) for each in operations):
        raise bad_request(
            "error decoding patch: json: cannot unmarshal object into Go value of type jsonpatch.Patch"
        )
    if len(operations) > MAX_OPERATIONS:
        raise ApiError(
            413,
            "RequestEntityTooLarge",
            f"Request entity too large: The allowed maximum operations in a JSON patch is {MAX_OPERATIONS}, "
            f"got {len(operations)}",
            {},
        )
    document: Any = clone(old)
    try:
        for operation in operations:
            document = _operate(document, operation)
    except (KeyError, IndexError, ValueError, TypeError) as error:
        raise rejected() from error
    if not isinstance(document, dict):
        raise rejected()
    return document


def _operate(document: Any, operation: Object) -> Any:
    name, path = operation["op"], _pointer(operation["path"])
    if name == "test":
        if _read(document, path) != operation.get("value"):
            raise ValueError("test failed")
        return document
    if name in ("add", "replace"):
        return _write(document, path, clone(operation["value"]), replacing=name == "replace")
    if name == "remove":
        return _remove(document, path)
    if name in ("copy", "move"):
        source = _pointer(operation["from"])
        value = clone(_read(document, source))
        if name == "move":
            document = _remove(document, source)
        return _write(document, path, value, replacing=False)
    raise ValueError(f"unknown operation {name}")


def _pointer(text: str) -> list[str]:
    if text == "":
        return []
    if not text.startswith("/"):
        raise ValueError("a JSON pointer starts with /")
    return [part.replace("~1", "/").replace("~0", "~") for part in text[1:].split("/")]


def _index(values: list[Any], key: str, *, end: bool = False) -> int:
    if key == "-" and end:
        return len(values)
    index = int(key)
    index = index + len(values) if index < 0 else index
    if not 0 <= index < len(values) + end:
        raise IndexError(key)
    return index


def _read(document: Any, path: list[str]) -> Any:
    for key in path:
        document = document[_index(document, key)] if isinstance(document, list) else document[key]
    return document


def _write(document: Any, path: list[str], value: Any, *, replacing: bool) -> Any:
    if not path:
        return value
    parent = _read(document, path[:-1])
    key = path[-1]
    if isinstance(parent, list):
        if replacing:
            parent[_index(parent, key)] = value
        else:
            parent.insert(_index(parent, key, end=True), value)
    elif replacing and key not in parent:
        raise KeyError(key)
    else:
        parent[key] = value
    return document


def _remove(document: Any, path: list[str]) -> Any:
    if not path:
        raise ValueError("cannot remove the document")
    parent = _read(document, path[:-1])
    if isinstance(parent, list):
        del parent[_index(parent, path[-1])]
    else:
        del parent[path[-1]]
    return document
