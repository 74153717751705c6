"""From a person's wishes to a chart's values: merged, filled in, checked, and masked again for showing.

Weakest to strongest: chart defaults, the plan's values, the person's values, the platform's locked values.
"""

from __future__ import annotations

import copy
import secrets
import string
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from portal.core import pointers
from portal.core.errors import ValidationFailed
from portal.core.masking import MASK
from portal.core.pointers import ABSENT, Path
from services_catalog import schemas
from services_catalog.coalescing import alike, coalesced, without_idle_nulls
from services_catalog.coalescing import merge as merge
from services_catalog.messages import Problem, explain, problem
from services_catalog.models import OfferingVersion, Plan
from services_catalog.schemas import Schema

ALPHABETS = {
    "alphanumeric": string.ascii_letters + string.digits,
    "hex": "0123456789abcdef",
    "digits": string.digits,
}


@dataclass(frozen=True)
class Composed:
    """Values for Helm. `generated` are the places that the portal filled with a secret of its own making."""

    values: dict[str, Any]
    generated: tuple[Path, ...]


def compose(
    version: OfferingVersion,
    plan: Plan | None,
    values: Mapping[str, Any],
    context: Mapping[str, str],
    *,
    previous: Mapping[str, Any] | None = None,
) -> Composed:
    """The complete values of one instance.

    `context` gives what the schema asks of the portal, by the names in schemas.CONTEXT_NAMES. `previous` is
    what this function gave for the instance's last release: made secrets are kept, a masked secret means "as
    it was", and what may not change stays as it was, whatever the plan says now. Raises ValidationFailed with
    every error at once.
    """
    schema, locked = version.values_schema, version.locked_values
    base = base_values(version, plan)
    wishes, errors = unmask(schema, values, previous)
    errors += _not_yours(schema, base, locked, context, wishes)
    complete = without_idle_nulls(version.default_values, merge(merge(base, wishes), locked))
    for place in schemas.marked(schema, schemas.CONTEXT):
        pointers.put(complete, place.path, context[place.schema[schemas.CONTEXT]])
    generated = _generate(schema, complete, previous)
    errors += _keep(schema, complete, wishes, previous)
    seen = {error["path"] for error in errors}
    errors += [error for error in validate(version, complete) if error["path"] not in seen]
    if errors:
        raise ValidationFailed(list({(error["path"], error["message"]): error for error in errors}.values()))
    return Composed(complete, generated)


def base_values(version: OfferingVersion, plan: Plan | None) -> dict[str, Any]:
    """What applies before anybody has wished for anything: the chart's defaults under the plan's values."""
    return merge(version.default_values, plan.values if plan else {})


def validate(version: OfferingVersion, values: Mapping[str, Any]) -> list[Problem]:
    """Every error of complete values against the version's schema: {path (JSON pointer), message, code}.

    As Helm checks them: over the chart's defaults, where a null takes a default away."""
    return check(version.values_schema, coalesced(version.default_values, values))


def check(schema: Schema, document: Any) -> list[Problem]:
    """Every error of a document against a schema, each place and message once."""
    found: dict[tuple[str, str], Problem] = {}
    for error in schemas.validator(schema).iter_errors(document):
        for each in explain(error, schema):
            found.setdefault((each["path"], each["message"]), each)
    return list(found.values())


def secret_paths(schema: Schema, values: Any = ABSENT) -> list[Path]:
    """Where secrets stand. With `values`, the concrete places in them; without, patterns with `*`."""
    patterns = [place.path for place in schemas.marked(schema, schemas.SECRET)]
    if values is ABSENT or not patterns:
        return patterns
    return list(_secrets(schemas.expanded(schema, schema), values, (), schema))


def _secrets(nodes: list[dict[str, Any]], value: Any, path: Path, root: Schema) -> Iterator[Path]:
    """Led by the values and not by the schema: what recurs is followed as deep as the values go."""
    if path and any(node.get(schemas.SECRET) for node in nodes):
        yield path
    elif isinstance(value, Mapping | list):
        inner = value.items() if isinstance(value, Mapping) else enumerate(value)
        for key, each in inner:
            yield from _secrets(schemas.within(nodes, str(key), root), each, (*path, str(key)), root)


def masked(schema: Schema, values: Mapping[str, Any]) -> dict[str, Any]:
    """A copy fit for showing: every secret that is set is the mask."""
    result = copy.deepcopy(dict(values))
    for path in secret_paths(schema, result):
        if pointers.get(result, path) not in (None, ""):
            pointers.put(result, path, MASK)
    return result


def unmask(
    schema: Schema, values: Mapping[str, Any], previous: Mapping[str, Any] | None
) -> tuple[dict[str, Any], list[Problem]]:
    """A copy in which each mask is the secret of `previous` that it stands for; errors where it is none."""
    result, errors = copy.deepcopy(dict(values)), []
    for path in secret_paths(schema, result):
        if pointers.get(result, path) != MASK:
            continue
        known = pointers.get(previous, path) if previous is not None else ABSENT
        if known is ABSENT:
            message = "Type the secret itself: the dots stand for one that is not saved here."
            errors.append(problem(path, message, "secret"))
        else:
            pointers.put(result, path, known)
    return result, errors


def _not_yours(
    schema: Schema,
    base: Mapping[str, Any],
    locked: Mapping[str, Any],
    context: Mapping[str, str],
    wishes: Mapping[str, Any],
) -> list[Problem]:
    """An error for each place that a person set although the platform, the plan or the portal decides it."""
    errors = []
    for path, value in leaves(locked):
        place, given = _reached(wishes, path)
        if given not in (ABSENT, value):
            errors.append(problem(place, "Locked by the platform. Remove it from your values.", "locked"))
    for marked in schemas.marked(schema, schemas.PLAN):
        place, given = _reached(wishes, marked.path)
        for path, value in leaves(given, place):
            if not alike(pointers.get(base, path), value):
                errors.append(problem(path, "Set by the plan. Choose another plan to change it.", "plan"))
    for marked in schemas.marked(schema, schemas.CONTEXT):
        place, given = _reached(wishes, marked.path)
        if given not in (ABSENT, "", context[marked.schema[schemas.CONTEXT]]):
            errors.append(problem(place, "Filled in by the portal. Remove it from your values.", "context"))
    return errors


def _reached(values: Mapping[str, Any], path: Path) -> tuple[Path, Any]:
    """What `values` hold at `path`, or on the way there, where that is no mapping."""
    for end in range(1, len(path)):
        given = pointers.get(values, path[:end])
        if given is not ABSENT and not isinstance(given, Mapping):
            return path[:end], given
    return path, pointers.get(values, path)


def leaves(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Each value that is no mapping, with its place; an empty mapping sets nothing."""
    if value is ABSENT:
        return
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from leaves(inner, (*path, str(key)))
    else:
        yield path, value


def _generate(
    schema: Schema, complete: dict[str, Any], previous: Mapping[str, Any] | None
) -> tuple[Path, ...]:
    made = []
    for place in schemas.marked(schema, schemas.GENERATE):
        if pointers.get(complete, place.path) not in (ABSENT, None, ""):
            continue
        kept = pointers.get(previous, place.path) if previous is not None else ABSENT
        value = kept if kept not in (ABSENT, None, "") else generate(place.schema[schemas.GENERATE])
        pointers.put(complete, place.path, value)
        made.append(place.path)
    return tuple(made)


def generate(rule: Mapping[str, Any]) -> str:
    """A secret from the operating system's randomness: `length` characters of the named `alphabet`."""
    alphabet = ALPHABETS[rule.get("alphabet", "alphanumeric")]
    return "".join(secrets.choice(alphabet) for _ in range(int(rule.get("length", 32))))


def _keep(
    schema: Schema, complete: dict[str, Any], wishes: Mapping[str, Any], previous: Mapping[str, Any] | None
) -> list[Problem]:
    """Carry over what may not change after creation; an error where a person asks for something else."""
    errors = []
    for place in schemas.marked(schema, schemas.IMMUTABLE):
        before = ABSENT if previous is None else pointers.get(previous, place.path)
        if before is ABSENT:
            continue
        if pointers.get(wishes, place.path) not in (ABSENT, before):
            message = "May not change after creation. Keep it as it is, or request another instance."
            errors.append(problem(place.path, message, "immutable"))
        pointers.put(complete, place.path, before)
    return errors
