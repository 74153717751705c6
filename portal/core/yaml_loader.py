"""YAML as far as JSON goes, read as Helm reads it: what has no place in JSON is refused or stays text.

PyYAML by itself makes dates of texts that look like one, base-60 numbers of 12:30 (in quadratic time),
infinities, sets and bytes, and lets the last one of two equal keys win.
"""

from __future__ import annotations

import math
from typing import Any

import yaml

MAX_DIGITS = 100
_TAG = "tag:yaml.org,2002:"

Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class JsonLoader(Loader):
    """Makes mappings with text keys, lists, texts, numbers, booleans and null."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[str, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if key.tag == f"{_TAG}merge":
                continue
            if key.tag != f"{_TAG}str":
                shown = key.value if isinstance(key, yaml.ScalarNode) else "of this mapping"
                raise _at(key, f"the key {shown!s:.80} is not text. Put it in quotes")
            if key.value in seen:
                raise _at(key, f"the key {key.value[:80]!r} stands twice. Keep one of them")
            seen.add(key.value)
        made: dict[str, Any] = super().construct_mapping(node, deep=deep)
        return made


def _at(node: yaml.Node, problem: str) -> yaml.MarkedYAMLError:
    return yaml.constructor.ConstructorError(None, None, problem, node.start_mark)


def _scalar(loader: Any, node: Any) -> str:
    if not isinstance(node, yaml.ScalarNode):
        raise _at(node, f"the tag {node.tag} is for a plain value")
    return str(loader.construct_scalar(node))


def _integer(loader: Any, node: Any) -> int | str:
    text = _scalar(loader, node)
    if ":" in text:  # 12:30 is 750 in YAML 1.1
        return text
    if len(text) > MAX_DIGITS:
        raise _at(node, f"a number has more than {MAX_DIGITS} digits")
    number: int = loader.construct_yaml_int(node)
    return number


def _float(loader: Any, node: Any) -> float | str:
    text = _scalar(loader, node)
    if ":" in text:
        return text
    if len(text) > MAX_DIGITS:
        raise _at(node, f"a number has more than {MAX_DIGITS} digits")
    number: float = loader.construct_yaml_float(node)
    if not math.isfinite(number):
        raise _at(node, f"{text[:40]} is no number that can be kept. Put it in quotes")
    return number


def _boolean(loader: Any, node: Any) -> bool:
    if _scalar(loader, node).lower() not in loader.bool_values:
        raise _at(node, "this is neither true nor false")
    found: bool = loader.construct_yaml_bool(node)
    return found


JsonLoader.add_constructor(f"{_TAG}int", _integer)
JsonLoader.add_constructor(f"{_TAG}float", _float)
JsonLoader.add_constructor(f"{_TAG}bool", _boolean)
JsonLoader.add_constructor(f"{_TAG}timestamp", _scalar)
for _name in ("binary", "set", "omap", "pairs"):
    JsonLoader.add_constructor(f"{_TAG}{_name}", yaml.constructor.SafeConstructor.construct_undefined)
