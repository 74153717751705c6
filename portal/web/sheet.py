"""One set of values in three views: the short form, all settings, YAML.

One view is on screen, and changing it carries everything over, so that the three are always in step."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from django.http import QueryDict

from portal.core.documents import check_json, dump_yaml, load_mapping
from portal.core.errors import InvalidInput
from services_catalog.forms import Field, flat, form_fields, parse_form, short_fields
from services_catalog.models import OfferingVersion, Plan
from services_catalog.value_fixes import Setting, put

VIEWS = ("short", "all", "yaml")


@dataclass
class Sheet:
    """What somebody has typed so far. `text` is the YAML as it was typed, while it cannot be read."""

    version: OfferingVersion
    plan: Plan | None
    view: str = "short"
    values: dict[str, Any] = field(default_factory=dict)
    saved: Mapping[str, Any] | None = None
    text: str | None = None
    problem: str = ""
    redrawn: bool = False

    @cached_property
    def fields(self) -> tuple[Field, ...]:
        return form_fields(self.version, self.plan, self.values, saved=self.saved)

    @property
    def shown(self) -> list[Field]:
        """The fields of the view on screen."""
        if self.view == "short":
            return short_fields(self.fields, self.version.short_form)
        return list(self.fields) if self.view == "all" else []

    @property
    def count(self) -> int:
        return sum(1 for each in flat(self.fields) if each.kind != "group")

    @property
    def yaml(self) -> str:
        return self.text if self.text is not None else (dump_yaml(self.values) if self.values else "")

    @property
    def carried(self) -> str:
        """The values as the page keeps them while another view is on screen."""
        return json.dumps(self.values)


def pick_version(versions: Sequence[OfferingVersion], number: str | None) -> OfferingVersion:
    """The version of this number, else the first."""
    return next((version for version in versions if version.version == number), versions[0])


def pick_plan(version: OfferingVersion, slug: str | None) -> Plan | None:
    """The plan of this name, else the usual one."""
    plans = list(version.plans.all())
    usual = next((plan for plan in plans if plan.is_default), plans[0] if plans else None)
    return next((plan for plan in plans if plan.slug == slug), usual)


def read(data: QueryDict, versions: Sequence[OfferingVersion], saved: Mapping[str, Any] | None) -> Sheet:
    """What was posted: read under the version and plan that were on screen, shown under those now chosen."""
    before = pick_version(versions, data.get("shown_version"))
    after = pick_version(versions, data.get("version") or data.get("shown_version"))
    view = _view(data.get("view"))
    plan_before = pick_plan(before, data.get("shown_plan"))
    plan = pick_plan(after, data.get("plan"))
    sheet = Sheet(after, plan, _view(data.get("next_view") or view), saved=saved)
    sheet.redrawn = bool(data.get("fix")) or sheet.view != view or after != before or plan != plan_before
    carried = _carried(data.get("carried", ""))
    if view != "yaml":
        sheet.values = parse_form(form_fields(before, plan_before, carried, saved=saved), data)
        put(sheet.values, _fix(data.get("fix", "")))
        return sheet
    try:
        sheet.values = load_mapping(data.get("yaml", ""))
        put(sheet.values, _fix(data.get("fix", "")))
    except InvalidInput as error:
        sheet.values, sheet.text, sheet.problem, sheet.view = (
            carried,
            data.get("yaml", ""),
            error.message,
            "yaml",
        )
    return sheet


def _view(name: str | None) -> str:
    return name if name in VIEWS else "short"


def _carried(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text or "{}")
    except (ValueError, RecursionError):
        return {}
    check_json(value)
    return value if isinstance(value, dict) else {}


def _fix(text: str) -> list[Setting]:
    """The values of a ready fix, as the page's button sends them; checked like anything that is typed."""
    try:
        found = json.loads(text or "[]")
        return [
            Setting(str(each["path"]), each.get("value"), absent="value" not in each)
            for each in found
            if str(each["path"]).startswith("/")
        ]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return []


def paths(fields: Iterable[Field]) -> set[str]:
    """Where the view on screen can show an error."""
    return {each.path for each in flat(fields)}
