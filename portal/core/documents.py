"""Reading YAML and JSON that strangers send: bounded in size, depth and aliases."""

from __future__ import annotations

from typing import Any

import yaml

from portal.core.errors import InvalidInput, TooLarge
from portal.core.yaml_loader import JsonLoader, Loader

MAX_BYTES = 1024 * 1024
MAX_DEPTH = 64
MAX_NODES = 100_000


def load_yaml(text: str | bytes, *, max_bytes: int = MAX_BYTES) -> Any:
    """One YAML (or JSON) document.

    Aliases are refused, since that is what a YAML bomb is made of and values have no need of them. What comes
    back is JSON: mappings with text keys (each once), lists, texts, numbers that are some, booleans, null.
    Raises InvalidInput with line and column, TooLarge above `max_bytes`.
    """
    size = len(text if isinstance(text, bytes) else text.encode())
    if size > max_bytes:
        raise TooLarge(f"The document has {size:,} bytes; at most {max_bytes:,} are accepted.")
    try:
        _check_events(text)
        value = yaml.load(text, Loader=JsonLoader)  # noqa: S506 a safe loader
    except yaml.MarkedYAMLError as exc:
        problem = exc.problem or exc.context or "not YAML"
        if exc.problem_mark is None:
            raise InvalidInput(f"{problem}.") from exc
        line, column = exc.problem_mark.line + 1, exc.problem_mark.column + 1
        raise InvalidInput(f"Line {line}, column {column}: {problem}.", line=line, column=column) from exc
    except (yaml.YAMLError, ValueError, RecursionError) as exc:
        raise InvalidInput(f"This is not YAML: {exc}") from exc
    if ("\\" if isinstance(text, str) else b"\\") in text:  # type: ignore[operator]
        check_characters(value)
    return value


def _check_events(text: str | bytes) -> None:
    depth = nodes = 0
    for event in yaml.parse(text, Loader=Loader):
        if isinstance(event, yaml.AliasEvent):
            line = event.start_mark.line + 1 if event.start_mark else 0
            raise InvalidInput(f"Line {line}: YAML aliases are not accepted. Write the value out.", line=line)
        if isinstance(event, yaml.NodeEvent):
            nodes += 1
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        check_bounds(depth, nodes)


def check_bounds(depth: int, nodes: int) -> None:
    if depth > MAX_DEPTH:
        raise TooLarge(f"The document is nested more than {MAX_DEPTH} levels deep.")
    if nodes > MAX_NODES:
        raise TooLarge(f"The document has more than {MAX_NODES:,} values.")


def check_json(value: Any) -> None:
    """Refuse parsed JSON that is too deep or too large, without recursion."""
    stack = [(value, 0)]
    nodes = 0
    while stack:
        current, depth = stack.pop()
        nodes += 1
        check_bounds(depth, nodes)
        if isinstance(current, dict):
            stack.extend((child, depth + 1) for child in current.values())
        elif isinstance(current, list):
            stack.extend((child, depth + 1) for child in current)


def check_characters(value: Any) -> None:
    """PostgreSQL holds neither NUL nor half a surrogate pair; only escapes can bring them."""
    stack = [value]
    while stack:
        current = stack.pop()
        if isinstance(current, dict):
            stack.extend(current)
            stack.extend(current.values())
        elif isinstance(current, list):
            stack.extend(current)
        elif isinstance(current, str) and any(c == "\0" or "\ud800" <= c <= "\udfff" for c in current):
            raise InvalidInput("A text holds a NUL or half of a surrogate pair. Remove it.")


def load_mapping(text: str | bytes, *, max_bytes: int = MAX_BYTES) -> dict[str, Any]:
    """A YAML document that must be a mapping; an empty one is an empty mapping."""
    value = load_yaml(text, max_bytes=max_bytes)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise InvalidInput("Values must be a mapping of names to values.")
    bad = next((key for key in value if not isinstance(key, str)), None)
    if bad is not None:
        raise InvalidInput(f"The key {bad!r} is not text. Put it in quotes.")
    return value


def dump_yaml(value: Any) -> str:
    dumper: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    text: str = yaml.dump(value, Dumper=dumper, sort_keys=False, allow_unicode=True, default_flow_style=False)
    return text
