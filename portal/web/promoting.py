"""A promotion on its page: what is carried as it is, and what may differ in the next stage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from django.http import QueryDict

from portal.core import pointers
from portal.core.errors import SlipwayError, ValidationFailed
from portal.core.pointers import ABSENT, parse
from portal.lifecycle.operations.wish import Wish
from portal.lifecycle.services import wishes
from portal.web import sheet
from portal.web.confirming import Confirming
from services_catalog.forms import Field, errors_by_field, form_fields, parse_form, short_fields
from services_catalog.models import Plan
from services_catalog.values import base_values, merge

PREFIX = "/values/"


@dataclass
class Promoting(Confirming):
    """`plain` is the promotion with nothing said: what it carries is what the fields are filled with."""

    plain: Wish | None = None
    plan: Plan | None = None
    values: dict[str, Any] = field(default_factory=dict)
    errors: dict[str, list[str]] = field(default_factory=dict)

    @property
    def data(self) -> dict[str, Any]:
        said = {**super().data, "values": self.values} if self.values else super().data
        return {**said, "plan": self.plan.slug} if self.plan else said

    @property
    def plans(self) -> list[Plan]:
        return list(self.plain.version.plans.all()) if self.plain and self.plain.version else []

    @cached_property
    def fields(self) -> list[Field]:
        """Those that may differ, as they stand under the plan that is now chosen."""
        return self._fields(self.plan, merge(self._carried, self.values))

    def read(self, data: QueryDict) -> None:
        """Take over what was chosen and typed. Only what was changed is said: the rest is carried."""
        try:
            self.plain = wishes.resolve(self.actor, super().data)
        except SlipwayError as error:
            self.refusal = error
            return
        self.plan = self.plain.plan
        if "shown_plan" not in data or not self.plans:
            return
        before = self._plan(data.get("shown_plan"))
        self.plan = self._plan(data.get("plan"))
        base = base_values(self.plain.version, before) if self.plain.version else {}
        shown = merge(base, self._carried)
        typed = merge(base, parse_form(self._fields(before, self._carried), data))
        for path in map(parse, self._overlays):
            value = pointers.get(typed, path)
            if value is not ABSENT and value != pointers.get(shown, path):
                pointers.put(self.values, path, value)

    def look(self) -> None:
        if self.plain is None:
            return
        super().look()
        refused = self.refusal.errors if isinstance(self.refusal, ValidationFailed) else []
        self._place(refused or (self.draft.errors if self.draft else []))

    @property
    def _carried(self) -> Mapping[str, Any]:
        return self.plain.inputs if self.plain else {}

    @property
    def _overlays(self) -> list[str]:
        return self.plain.version.overlays if self.plain and self.plain.version else []

    def _plan(self, slug: str | None) -> Plan | None:
        if self.plain is None or self.plain.version is None:
            return None
        return sheet.pick_plan(
            self.plain.version, slug or (self.plain.plan.slug if self.plain.plan else None)
        )

    def _fields(self, plan: Plan | None, values: Mapping[str, Any]) -> list[Field]:
        if self.plain is None or self.plain.version is None:
            return []
        runs = self.plain.base
        saved, running = (runs.inputs, runs.values) if runs else (None, None)
        found = form_fields(self.plain.version, plan, values, saved=saved, running=running)
        return short_fields(found, self._overlays)

    def _place(self, errors: Sequence[Mapping[str, str]]) -> None:
        inside = [
            {**each, "path": each["path"].removeprefix(PREFIX[:-1])}
            for each in errors
            if each["path"].startswith(PREFIX)
        ]
        self.errors = errors_by_field(tuple(self.fields), inside)
