"""Values that a schema accepts, and values that it does not, for the keywords that our charts use."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from portal.core.pointers import ABSENT
from services_catalog import schemas
from services_catalog.shapes import holds, shape

TEXT = st.one_of(
    st.text(max_size=12).filter(lambda text: "\0" not in text and text.isprintable()),
    st.sampled_from(
        [
            "",
            " ",
            "0",
            "007",
            "1.0",
            "1.10",
            "true",
            "null",
            "~",
            "a: b",
            "- x",
            "x/y~z",
            "é",
            "a\nb\n",
            "a\r\nb",
            "\n",
            "{",
            "'",
            '"',
            " padded ",
            "1e3",
            "99999999999999999999",
            "2026-01-01",
            "12:30",
            "#",
            "<b>&amp;",
        ]
    ),
)
NAMES = st.sampled_from(["a", "B_1", "x-y", "0", "a/b", "~t", "a.b", "é", "true", "key", "value"])
# where what recurs ends
MOST_DEPTH = 7
WRONG = st.sampled_from(
    [None, True, "", "no such thing", -(10**12), 1.5, [], ["x"], {}, {"nonsense": 1}, [{}]]
)
WORDS = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-5, 10**20)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(NAMES, inner, max_size=2),
    max_leaves=4,
)


def valid(schema: Any, root: Any, depth: int = 0) -> st.SearchStrategy[Any]:
    """Mostly what the schema accepts; the whole is to be checked by who draws it."""
    node = shape(schema, root)
    if depth > MOST_DEPTH:
        return st.nothing()
    found = _valid(node, root, depth)
    is_plain = node.get("type") in ("string", "array") or "properties" not in node
    return found.filter(lambda value: holds(schema, root, value)) if is_plain else found


def is_set_by_hand(node: Any) -> bool:
    """Not the portal's, the plan's or fixed; a secret is, in a form that has just been typed."""
    keywords = {schemas.CONTEXT, schemas.PLAN, "const"}
    return not keywords & node.keys() and node.get("not") != {}


def _valid(node: Any, root: Any, depth: int) -> st.SearchStrategy[Any]:
    for keyword in ("oneOf", "anyOf"):
        if keyword in node:
            rest = {key: each for key, each in node.items() if key != keyword}
            forms = [shape({"allOf": [each, rest]}, root) for each in node[keyword]]
            return st.one_of([_valid(each, root, depth) for each in forms])
    if "const" in node:
        return st.just(node["const"])
    if "enum" in node:
        return st.sampled_from(node["enum"])
    types = node.get("type") or ("object" if "properties" in node else None)
    if isinstance(types, list):
        return st.one_of([_valid({**node, "type": each}, root, depth) for each in types])
    match types:
        case "object":
            return _mapping(node, root, depth)
        case "array":
            most = min(node.get("maxItems", 3), 3)
            items = valid(node["items"], root, depth + 1) if isinstance(node.get("items"), dict) else WORDS
            if items.is_empty:
                return st.just([])
            return st.lists(items, min_size=min(node.get("minItems", 0), most), max_size=most)
        case "string":
            return _text(node)
        case "integer":
            return st.integers(node.get("minimum", -(10**6)), node.get("maximum", 10**6))
        case "number":
            return st.floats(node.get("minimum", -(10.0**6)), node.get("maximum", 10.0**6), allow_nan=False)
        case "boolean":
            return st.booleans()
        case "null":
            return st.none()
    return WORDS


def _mapping(node: Any, root: Any, depth: int) -> st.SearchStrategy[dict[str, Any]]:
    known = {}
    for name, each in (node.get("properties") or {}).items():
        inner = shape(each, root)
        if is_set_by_hand(inner) or name in node.get("required", ()):
            known[name] = valid(each, root, depth + 1)
    needed = [name for name in node.get("required", ()) if name in known]
    fixed = st.fixed_dictionaries(
        {name: known[name] for name in needed},
        optional={name: each for name, each in known.items() if name not in needed},
    )
    more = node.get("additionalProperties")
    patterns = list(node.get("patternProperties") or {})
    if not isinstance(more, dict) and not patterns:
        return fixed if node.get("properties") else st.dictionaries(NAMES, WORDS, max_size=2)
    pattern = (node.get("propertyNames") or {}).get("pattern") or (patterns[0] if patterns else None)
    names = st.from_regex(pattern, fullmatch=True) if pattern else NAMES
    inner = valid(more if isinstance(more, dict) else node["patternProperties"][patterns[0]], root, depth + 1)
    free = st.dictionaries(names.filter(lambda name: name not in known), inner, max_size=3)
    return st.tuples(free, fixed).map(lambda both: {**both[0], **both[1]})


def _text(node: Any) -> st.SearchStrategy[str]:
    if "pattern" in node:
        found = st.from_regex(node["pattern"], fullmatch=True)
        return found.filter(lambda text: "\0" not in text and len(text) <= node.get("maxLength", 10**6))
    if "format" in node:
        return st.sampled_from([*node.get("examples", []), "", "a@example.com", "192.0.2.1", "2026-01-01"])
    most = node.get("maxLength", 20)
    return TEXT.filter(lambda text: node.get("minLength", 0) <= len(text) <= most)


def wrong(schema: Any, root: Any) -> st.SearchStrategy[tuple[tuple[str, ...], Any]]:
    """A place that a person may set, without lists and maps on the way, and something that may not fit it."""
    found = sorted(
        {
            place.path
            for place in schemas.places(root)
            if place.path and schemas.ANY not in place.path and is_set_by_hand(place.schema)
        }
    )
    found = [path for path in found if not any(_is_fixed(root, path[:end]) for end in range(1, len(path)))]
    return st.tuples(st.sampled_from(found), WRONG)


def _is_fixed(root: Any, path: tuple[str, ...]) -> bool:
    node = schemas.at(root, path)
    return node is not None and not is_set_by_hand(node)


def put(values: dict[str, Any], path: tuple[str, ...], value: Any) -> dict[str, Any]:
    """A copy with `value` at `path`."""
    head, rest = path[0], path[1:]
    inner = values.get(head, ABSENT)
    return {**values, head: put(inner if isinstance(inner, dict) else {}, rest, value) if rest else value}
