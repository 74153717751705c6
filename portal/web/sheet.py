"""One set of values in three views: the short form, all settings, YAML.

One view is on screen, and changing it carries everything over, so that the three are always in step."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from portal.core.documents import dump_yaml, load_mapping
from portal.core.errors import InvalidInput
from services_catalog.forms import Field, flat, form_fields, short_fields
from services_catalog.models import OfferingVersion, Plan
from services_catalog.values import secret_paths

VIEWS = ("short", "all", "yaml")
TABS = (("short", "Short form"), ("all", "All settings"), ("yaml", "YAML"))


@dataclass
class Sheet:
    """What somebody has typed so far.

    `text` is the YAML as it was typed, while it cannot be read: the values are then the last ones that could
    be. `kept` is the YAML that was read, with its comments. `gone` is the version that was on screen and is
    no longer on offer. `redrawn`: what is on screen does not show these values yet.
    """

    version: OfferingVersion
    plan: Plan | None
    view: str = "short"
    values: dict[str, Any] = field(default_factory=dict)
    saved: Mapping[str, Any] | None = None
    text: str | None = None
    problem: str = ""
    line: int = 0
    kept: str = ""
    gone: str = ""
    redrawn: bool = False
    other_version: bool = False
    # what the browser sent, which alone says which of several forms of a setting was chosen
    data: Mapping[str, Any] | None = None

    @cached_property
    def fields(self) -> tuple[Field, ...]:
        return form_fields(self.version, self.plan, self.values, saved=self.saved, data=self.data)

    @property
    def tabs(self) -> tuple[tuple[str, str], ...]:
        return TABS

    @property
    def posts_as(self) -> str:
        """How the values are sent: YAML that cannot be read is sent on as it is, whatever is on screen."""
        return self.view if self.text is None else "yaml"

    @property
    def shown(self) -> list[Field]:
        """The fields of the view on screen."""
        if self.text is not None:
            return []
        if self.view == "short":
            return short_fields(self.fields, self.version.short_form)
        return list(self.fields) if self.view == "all" else []

    @property
    def count(self) -> int:
        return sum(1 for each in flat(self.fields) if each.kind != "group")

    @cached_property
    def yaml(self) -> str:
        """As it was typed, comments and all, as long as it says what the form says."""
        if self.text is not None:
            return self.text
        if self.kept and _says(self.kept, self.values):
            return self.kept
        return dump_yaml(self.values) if self.values else ""

    @property
    def carried(self) -> str:
        """The values as the page keeps them while another view is on screen."""
        return json.dumps(self.values)

    @property
    def has_secrets(self) -> bool:
        """Whether a secret may be in what was typed: such a page is not kept by the browser."""
        return self.text is not None or bool(secret_paths(self.version.values_schema, self.values))


def pick_version(versions: Sequence[OfferingVersion], number: str | None) -> OfferingVersion:
    """The version of this number, else the first."""
    return next((version for version in versions if version.version == number), versions[0])


def pick_plan(version: OfferingVersion, slug: str | None) -> Plan | None:
    """The plan of this name, else the usual one."""
    plans = list(version.plans.all())
    usual = next((plan for plan in plans if plan.is_default), plans[0] if plans else None)
    return next((plan for plan in plans if plan.slug == slug), usual)


def paths(fields: Iterable[Field]) -> set[str]:
    """Where the view on screen can show an error."""
    return {each.path for each in flat(fields)}


def _says(text: str, values: Mapping[str, Any]) -> bool:
    """Whether YAML reads as these values; 1, 1.0 and true are not the same."""
    try:
        return json.dumps(load_mapping(text), sort_keys=True) == json.dumps(values, sort_keys=True)
    except (InvalidInput, TypeError, ValueError):
        return False
