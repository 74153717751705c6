"""The schema of an imported chart's values: its own where it has one, else inferred from its defaults."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from portal.core.documents import check_characters
from portal.core.errors import SlipwayError
from services_catalog import library, schemas, values
from services_catalog.archives import PackedChart
from services_catalog.imports import chart_facts, references
from services_catalog.imports.schema_files import FILE, elsewhere
from services_catalog.inference import infer

DRAFTS: Mapping[str, str] = {
    "draft-04": "4",
    "draft-06": "6",
    "draft-07": "7",
    "2019-09": "2019-09",
    "2020-12": "2020-12",
}
NEWEST_DRAFT = "2020-12"
# what else says which keys a mapping may have
SETTLING = frozenset(
    {"additionalProperties", "patternProperties", "unevaluatedProperties", "allOf", "anyOf", "oneOf", "if"}
)


@dataclass(frozen=True)
class ValuesSchema:
    """`code` and `reason` say why the chart's own schema cannot be used; `schema` is empty then."""

    schema: Mapping[str, Any] = field(repr=False)
    given: bool
    draft: str = ""
    code: str = ""
    reason: str = ""

    @property
    def usable(self) -> bool:
        return not self.code

    def as_dict(self) -> dict[str, Any]:
        places = sum(1 for _ in schemas.places(self.schema)) - 1 if self.usable else 0
        return {
            "given": self.given,
            "draft": self.draft,
            "usable": self.usable,
            "code": self.code,
            "reason": self.reason,
            "places": max(places, 0),
        }


def values_schema(chart: PackedChart, defaults: Mapping[str, Any]) -> ValuesSchema:
    """Never raises: what is wrong with the chart's own schema is said."""
    away = elsewhere(chart.files)
    if away:
        said = f"{away[0]}, which is not in the chart; nothing is fetched. Write it out there."
        return ValuesSchema({}, given=FILE in chart.files, code="schema_remote", reason=said)
    if FILE not in chart.files:
        return ValuesSchema(inferred(chart), given=False, draft=NEWEST_DRAFT)
    try:
        schema = library.read_schema(chart.files[FILE])
        check_characters(schema)
    except SlipwayError as exc:
        return ValuesSchema({}, given=True, code="schema_unreadable", reason=exc.message)
    draft = draft_of(schema)
    circle = references.circle(schema)
    if circle:
        said = f"It leads back to itself at {circle[:200]}, so no form of the values has an end."
        return ValuesSchema({}, given=True, draft=draft, code="schema_recursive", reason=said)
    try:
        schemas.validator(schema)
    except ValueError as exc:
        return ValuesSchema({}, given=True, draft=draft, code="schema_invalid", reason=str(exc)[:500])
    whole = completed(schema, inferred(chart))
    if values.check(whole, defaults) and not values.check(schema, defaults):
        whole = schema
    return ValuesSchema(schemas.with_order(whole), given=True, draft=draft)


def draft_of(schema: Mapping[str, Any]) -> str:
    """The draft that a schema says it is written in; without a word the newest, as Helm takes it."""
    said = str(schema.get("$schema") or "")
    return next((draft for mark, draft in DRAFTS.items() if mark in said), NEWEST_DRAFT)


def inferred(chart: PackedChart) -> dict[str, Any]:
    """From values.yaml and its comments; what subcharts are given stays open."""
    text = chart.files.get("values.yaml", b"").decode(errors="replace")
    return infer(text, open_keys=("global", *sorted(chart_facts.vendored(chart))))


def completed(schema: Mapping[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    """A copy in which places that the chart's own schema leaves open, and does not name, are as inferred.

    Those that it names get the words that it leaves out, and what looks like a secret is one.
    """
    copy: dict[str, Any] = deepcopy(dict(schema))
    _complete(copy, more)
    return copy


def _complete(node: dict[str, Any], more: Mapping[str, Any]) -> None:
    for keyword in ("description", schemas.SECTION, schemas.OPEN, schemas.SECRET):
        if keyword in more and (keyword != schemas.SECRET or node.get("type", "string") == "string"):
            node.setdefault(keyword, more[keyword])
    wanted = more.get("properties")
    if not isinstance(wanted, Mapping) or "$ref" in node or node.get("type", "object") != "object":
        return
    own = node.get("properties")
    known = dict(own) if isinstance(own, Mapping) else {}
    for name, inner in wanted.items():
        if isinstance(known.get(name), dict):
            _complete(known[name], inner)
        elif name not in known and not SETTLING & set(node):
            known[name] = deepcopy(inner)
    if known:
        node["properties"] = known
