"""What a schema error means, in plain words that say what to do. No value is repeated: it may be secret."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from typing import Any

from portal.core.pointers import Path, pointer
from services_catalog import schemas
from services_catalog.schemas import Schema

Problem = dict[str, str]

TYPES = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "object": "a mapping of names to values",
    "array": "a list",
    "null": "empty",
}


def problem(path: Path, message: str, code: str) -> Problem:
    return {"path": pointer(path), "message": message, "code": code}


def explain(error: Any, root: Schema) -> Iterator[Problem]:
    """One jsonschema-rs error as the problems a person has to settle."""
    path = tuple(str(part) for part in error.instance_path)
    keyword, facts = error.kind.name, error.kind.as_dict()
    if keyword in {"additionalProperties", "unevaluatedProperties"}:
        node = schemas.at(root, path) or {}
        for name in facts.get("unexpected", ()):
            yield problem((*path, str(name)), _unknown(str(name), schemas.property_names(node)), "unknown")
    elif keyword == "required":
        inner = (*path, str(facts["property"]))
        yield problem(inner, f"{_title(root, inner)} is required.{_example(root, inner)}", "required")
    elif keyword == "propertyNames":
        names = (schemas.at(root, path) or {}).get("propertyNames") or {}
        hint = names.get(schemas.HINT) or "Choose another name."
        yield problem((*path, str(facts["error"].instance)), f"This name is not accepted. {hint}", "name")
    elif keyword in {"anyOf", "oneOf"}:
        yield problem(path, _alternatives(facts, root, path), keyword)
    elif error.instance == "" and keyword in {"minLength", "pattern", "format"}:
        yield problem(path, f"{_title(root, path)} is required.{_example(root, path)}", "required")
    else:
        yield problem(path, _sentence(keyword, facts, root, path, error), keyword)


def _sentence(keyword: str, facts: dict[str, Any], root: Schema, path: Path, error: Any) -> str:
    limit = facts.get("limit")
    node = schemas.at(root, path) or {}
    hint = node.get(schemas.HINT)
    match keyword:
        case "type":
            return f"Must be {_types(facts['types'])}, not {_kind(error.instance)}."
        case "enum":
            return f"Choose one of: {', '.join(_show(option) for option in facts['options'])}."
        case "const":
            return f"Must be {_show(facts['expected_value'])}."
        case "minimum" | "exclusiveMinimum":
            return f"Must be {'at least' if keyword == 'minimum' else 'more than'} {limit}."
        case "maximum" | "exclusiveMaximum":
            return f"Must be {'at most' if keyword == 'maximum' else 'less than'} {limit}."
        case "multipleOf":
            return f"Must be a multiple of {facts['multiple_of']}."
        case "minLength":
            return f"Use at least {limit} characters."
        case "maxLength":
            return f"Use at most {limit} characters."
        case "minItems" | "minProperties":
            return f"Give at least {limit}."
        case "maxItems" | "maxProperties":
            return f"Give at most {limit}."
        case "uniqueItems":
            return "Each entry may be listed once only."
        case "pattern" if hint:
            return str(hint)
        case "pattern":
            return f"Must match {facts.get('pattern')}.{_example(root, path)}"
        case "format":
            return f"Must be a valid {facts.get('format')}.{_example(root, path)}"
        case "falseSchema":
            return "This may not be set here."
    return str(hint) if hint else f"This value is not accepted (rule: {keyword}).{_example(root, path)}"


def _unknown(name: str, known: list[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    if near:
        return f"There is no setting called {name} here. Did you mean {near[0]}?"
    if known:
        return f"There is no setting called {name} here. Known are: {', '.join(known)}."
    return f"There is no setting called {name} here. Remove it."


def _alternatives(facts: dict[str, Any], root: Schema, path: Path) -> str:
    hint = (schemas.at(root, path) or {}).get(schemas.HINT)
    if hint:
        return str(hint)
    branches = facts.get("context") or ()
    if sum(not branch for branch in branches) > 1:
        return "This fits more than one of the accepted forms; make it fit exactly one."
    ways = [
        "; ".join(each["message"] for error in branch for each in explain(error, root))
        for branch in branches
        if branch
    ]
    return "None of the accepted forms fits. " + " Or: ".join(dict.fromkeys(ways))


def _title(root: Schema, path: Path) -> str:
    node = schemas.at(root, path) or {}
    return str(node.get("title") or (path[-1] if path else "This"))


def _example(root: Schema, path: Path) -> str:
    node = schemas.at(root, path) or {}
    examples = node.get("examples")
    if not isinstance(examples, list) or not examples or node.get(schemas.SECRET):
        return ""
    return f" Example: {_show(examples[0])}."


def _types(names: list[str]) -> str:
    return " or ".join(TYPES.get(name, name) for name in sorted(names))


def _kind(value: Any) -> str:
    match value:
        case None:
            return "empty (null)"
        case bool():
            return "true or false"
        case int():
            return "a number"
        case float():
            return "a number with decimals"
        case str():
            return "text"
        case list():
            return "a list"
    return "a mapping"


def _show(value: Any) -> str:
    if value == "":
        return "(empty)"
    if isinstance(value, bool) or value is None:
        return str(value).lower()
    return str(value)
