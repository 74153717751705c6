"""One version of an offering against another: values, plans, and what was written about the versions between.

What each would render is compared by portal/lifecycle/services/comparisons.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from portal.accounts.models import User
from portal.accounts.roles import Verb
from portal.core import pointers
from portal.core.errors import NotFound
from portal.core.masking import MASK
from portal.core.pointers import ABSENT, Path, pointer
from services_catalog import schemas, selectors
from services_catalog.models import OfferingVersion, Plan, VersionStatus
from services_catalog.schemas import Schema

Change = Literal["added", "removed", "changed"]
# what a person has to mind when it changes
RULES = (
    "type",
    "enum",
    "const",
    "pattern",
    "format",
    "minimum",
    "maximum",
    "minLength",
    "maxLength",
    "minItems",
    "maxItems",
    schemas.IMMUTABLE,
    schemas.PLAN,
)
MOST_KEYS = 500


@dataclass(frozen=True)
class KeyChange:
    """One value that may be set. `old` and `new` are its defaults, None where there is none; `rules` names
    what its schema says otherwise than before."""

    path: str
    change: Change
    description: str
    old: Any = None
    new: Any = None
    rules: tuple[str, ...] = ()
    required: bool = False

    @property
    def default_differs(self) -> bool:
        return bool(self.old != self.new)


@dataclass(frozen=True)
class PlanChange:
    slug: str
    change: Change
    old_cents: int | None
    new_cents: int | None
    values: tuple[str, ...] = ()  # pointers of what it sets otherwise


@dataclass(frozen=True)
class Pair:
    """The two, and all versions of the offering that may be seen, newest first."""

    old: OfferingVersion
    new: OfferingVersion
    versions: list[OfferingVersion]

    @property
    def changelog(self) -> list[OfferingVersion]:
        """The versions after the older up to the newer one, newest first."""
        low, high = sorted((self.old.precedence, self.new.precedence))
        return [each for each in self.versions if low < each.precedence <= high]


def pair(user: User, slug: str, old: str = "", new: str = "") -> Pair:
    """The versions of these numbers; without them the newest on offer and the one before. Raises NotFound."""
    detail = selectors.offering_detail(user, slug, with_drafts=user.access.may(Verb.CURATE))
    versions = detail.versions
    if not versions:
        raise NotFound(f"{detail.offering} has no version to compare.")
    latest = detail.latest or versions[0]
    after = _numbered(versions, new) if new else latest
    older = [each for each in versions if each.precedence < after.precedence]
    kept = [each for each in older if each.status != VersionStatus.RETIRED] or older or [after]
    before = _numbered(versions, old) if old else kept[0]
    return Pair(before, after, versions)


def keys(old: OfferingVersion, new: OfferingVersion) -> list[KeyChange]:
    """Values that came, went, or are otherwise than before: what went first, then what is new."""
    found = list(_keys(old, new))
    order = {"removed": 0, "added": 1, "changed": 2}
    return sorted(found, key=lambda each: (order[each.change], not each.required))[:MOST_KEYS]


def plans(old: OfferingVersion, new: OfferingVersion) -> list[PlanChange]:
    """Plans that came, went, cost or set something else."""
    before = {plan.slug: plan for plan in old.plans.all()}
    after = {plan.slug: plan for plan in new.plans.all()}
    return [
        change
        for slug in [*before, *(slug for slug in after if slug not in before)]
        if (change := _plan(slug, before.get(slug), after.get(slug)))
    ]


def _numbered(versions: list[OfferingVersion], number: str) -> OfferingVersion:
    found = next((each for each in versions if each.version == number), None)
    if found is None:
        known = ", ".join(each.version for each in versions[:10])
        raise NotFound(f"There is no version {number[:40]!r} of it. There are: {known}.")
    return found


def _keys(old: OfferingVersion, new: OfferingVersion) -> Iterator[KeyChange]:
    before, after = _places(old.values_schema), _places(new.values_schema)
    for path in [*before, *(path for path in after if path not in before)]:
        one, two = before.get(path), after.get(path)
        was, now = _default(old, path, one), _default(new, path, two)
        said = str((two or one or {}).get("description") or (two or one or {}).get("title") or "")
        required = _is_required(new.values_schema, path) and now is None
        if one is None or two is None:
            change: Change = "added" if one is None else "removed"
            yield KeyChange(pointer(path), change, said, was, now, required=required)
        else:
            rules = tuple(name for name in RULES if one.get(name) != two.get(name))
            if rules or was != now:
                yield KeyChange(pointer(path), "changed", said, was, now, rules, required)


def _places(schema: Schema) -> dict[Path, Schema]:
    """What can be set by itself: mappings with known names are told by what is in them."""
    found: dict[Path, Schema] = {}
    for place in schemas.places(schema):
        if place.path and not place.schema.get("properties"):
            found.setdefault(place.path, place.schema)
    return found


def _default(version: OfferingVersion, path: Path, schema: Schema | None) -> Any:
    if schema is None or schemas.ANY in path:
        return None
    value = pointers.get(version.default_values, path)
    if value is ABSENT:
        value = schema.get("default")
    return MASK if value and schema.get(schemas.SECRET) else value


def _is_required(schema: Schema, path: Path) -> bool:
    parent = schemas.at(schema, path[:-1]) or {}
    return path[-1] in (parent.get("required") or ())


def _plan(slug: str, old: Plan | None, new: Plan | None) -> PlanChange | None:
    cents = (old.price_cents_per_month if old else None, new.price_cents_per_month if new else None)
    if old is None or new is None:
        return PlanChange(slug, "added" if old is None else "removed", *cents)
    differing = tuple(_differing(old.values, new.values))
    if cents[0] == cents[1] and not differing:
        return None
    return PlanChange(slug, "changed", *cents, differing)


def _differing(old: Mapping[str, Any], new: Mapping[str, Any], path: Path = ()) -> Iterator[str]:
    for name in [*old, *(name for name in new if name not in old)]:
        one, two = old.get(name), new.get(name)
        if isinstance(one, Mapping) and isinstance(two, Mapping):
            yield from _differing(one, two, (*path, name))
        elif one != two:
            yield pointer((*path, name))
