"""Reading request bodies: JSON and YAML, with the field names that occur twice."""

from __future__ import annotations

import json
from typing import Any

import yaml

from portal.policy.schema.values import json_type
from portal.sandbox.statuses import ApiError, bad_request

# etcd's limit on a request, which the API server applies to bodies (3 MiB)
MAX_BODY = 3 * 1024 * 1024
MAX_DEPTH = 200


class _Loader(yaml.CSafeLoader):
    """YAML without timestamps: JSON has none."""


_Loader.yaml_implicit_resolvers = {
    key: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for key, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}


class _Repeated(dict[str, Any]):
    """An object whose text named a field twice; `twice` lists such names."""

    twice: tuple[str, ...] = ()


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    seen: set[str] = set()
    repeated = _Repeated(found)
    repeated.twice = tuple(dict.fromkeys(key for key, _ in pairs if key in seen or seen.add(key)))  # type: ignore[func-returns-value]
    return repeated


def parse_json(text: str) -> Any:
    """The value; raises ValueError (json's own message)."""
    try:
        value = json.loads(text, object_pairs_hook=_pairs, parse_constant=_no_constant)
        # halves of surrogate pairs, which no UTF-8 can carry
        return _mended(value) if "\\ud" in text.lower() else value
    except RecursionError as error:
        raise ValueError("exceeded max depth") from error


def _mended(value: Any) -> Any:
    """With U+FFFD for what is no character, as Go reads it."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, dict):
        return {_mended(key): _mended(each) for key, each in value.items()}
    return [_mended(each) for each in value] if isinstance(value, list) else value


def parse_yaml(text: str) -> Any:
    """The value of one document; raises ValueError."""
    try:
        return yaml.load(text, Loader=_Loader)  # noqa: S506 a safe loader
    except (yaml.YAMLError, RecursionError) as error:
        raise ValueError(" ".join(str(error).split())) from error


def parse_object(text: str, kind: str, *, is_yaml: bool = False) -> dict[str, Any]:
    """The body of a create, update or apply; raises BadRequest in the API server's words."""
    try:
        value = parse_yaml_or_json(text) if is_yaml else parse_json(text)
    except ValueError as error:
        raise bad_request(
            f"the object provided is unrecognized (must be of type {kind}): couldn't get version/kind; "
            f"json parse error: {_go_error(text, error)} ({_excerpt(text)})"
        ) from error
    if not isinstance(value, dict):
        raise bad_request(
            f"the object provided is unrecognized (must be of type {kind}): couldn't get "
            f"version/kind; json parse "
            f"error: json: cannot unmarshal {json_type(value)} into Go value of type struct "
            f"{{ APIVersion string; Kind string }} ({_excerpt(text)})"
        )
    check_depth(value)
    return value


def parse_yaml_or_json(text: str) -> Any:
    """JSON where it is JSON (and faster), else YAML; raises ValueError."""
    if text.lstrip().startswith("{"):
        try:
            return parse_json(text)
        except ValueError:
            return parse_yaml(text)
    return parse_yaml(text)


def check_depth(value: Any, depth: int = 0) -> None:
    """Refuse what would exhaust the stack of those who walk it."""
    if depth > MAX_DEPTH:
        raise bad_request(f"the object provided is nested too deeply: more than {MAX_DEPTH} levels")
    if isinstance(value, dict):
        for each in value.values():
            if isinstance(each, (dict, list)):
                check_depth(each, depth + 1)
    elif isinstance(value, list):
        for each in value:
            if isinstance(each, (dict, list)):
                check_depth(each, depth + 1)


def duplicates(value: Any, path: str = "") -> list[str]:
    """Paths of the fields that the text named twice."""
    found: list[str] = []
    if isinstance(value, dict):
        if isinstance(value, _Repeated):
            found.extend(f"{path}.{name}".lstrip(".") for name in value.twice)
        for key, each in value.items():
            if isinstance(each, (dict, list)):
                found.extend(duplicates(each, f"{path}.{key}"))
    elif isinstance(value, list):
        for index, each in enumerate(value):
            if isinstance(each, (dict, list)):
                found.extend(duplicates(each, f"{path}[{index}]"))
    return found


def _excerpt(text: str) -> str:
    return text if len(text) <= 2048 else text[:2048]


def _go_error(text: str, error: ValueError) -> str:
    """Go's words for the commonest syntax errors."""
    if not isinstance(error, json.JSONDecodeError):
        return str(error)
    if error.pos >= len(text):
        return "unexpected end of JSON input"
    character = text[error.pos]
    expected = "looking for beginning of value"
    if "property name" in error.msg:
        expected = "looking for beginning of object key string"
    elif "':' delimiter" in error.msg:
        expected = "after object key"
    elif "',' delimiter" in error.msg:
        inside = text[: error.pos].rstrip()
        expected = (
            "after object key:value pair" if inside.count("{") > inside.count("}") else "after array element"
        )
    elif "Extra data" in error.msg:
        expected = "after top-level value"
    return f"invalid character {character!r} {expected}"


def _no_constant(name: str) -> Any:
    raise ValueError(f"invalid character '{name[0]}' looking for beginning of value")


def entity_too_large() -> ApiError:
    return ApiError(413, "RequestEntityTooLarge", f"Request entity too large: limit is {MAX_BODY}", {})
