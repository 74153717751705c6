"""Trying values: composed as a request's are, rendered, and compared with what is sealed now."""

from __future__ import annotations

import copy
import dataclasses
import time
from collections.abc import Mapping, Sequence
from typing import Any

from portal.clusters.errors import ChartDoesNotRender, RenderLimitExceeded
from portal.core import pointers
from portal.core.digests import digest_of
from portal.core.errors import ValidationFailed
from portal.lifecycle.operations import observation
from portal.lifecycle.operations.adoption.goals import Documents, by_key
from portal.lifecycle.operations.drafting import context_of
from portal.lifecycle.operations.rendering import render_for
from portal.lifecycle.operations.wish import Wish
from services_catalog import values as catalog_values
from services_catalog.models import OfferingVersion
from services_catalog.value_fixes import Setting

MOST_RENDERINGS = 40
MOST_SECONDS = 15.0


class Exhausted(Exception):
    """So many renderings, or so much time, were spent in vain."""


class Refused(Exception):
    """These values cannot be asked for; `errors` are those of the composition, [] where rendering failed."""

    def __init__(self, errors: Sequence[Mapping[str, str]] = ()) -> None:
        super().__init__()
        self.errors = list(errors)


class Trials:
    """All renderings of one search, bounded in number and time."""

    def __init__(self, wish: Wish) -> None:
        assert wish.version is not None and wish.base is not None and wish.instance is not None  # noqa: S101, PT018
        self.wish, self.version, self.base, self.instance = wish, wish.version, wish.base, wish.instance
        self.rendered = 0
        self._end = time.monotonic() + MOST_SECONDS
        self._known: dict[str, Documents] = {}

    def values(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """Raises Refused: with schema, locked values and plan it is as with any request."""
        context, previous = context_of(self.wish), self.base.values
        try:
            composed = catalog_values.compose(
                self.version, self.wish.plan, inputs, context, previous=previous
            )
        except ValidationFailed as exc:
            raise Refused(exc.errors) from exc
        return composed.values

    def render(self, inputs: Mapping[str, Any]) -> Documents:
        """The documents that these inputs give. Raises Refused, Exhausted."""
        values = self.values(inputs)
        name = digest_of(values)
        if name not in self._known:
            self._known[name] = self._rendered(values)
        return self._known[name]

    def _rendered(self, values: Mapping[str, Any]) -> Documents:
        if self.rendered >= MOST_RENDERINGS or time.monotonic() >= self._end:
            raise Exhausted
        self.rendered += 1
        wish = dataclasses.replace(self.wish)
        try:
            rendered = render_for(
                self.base.chart_id, target=wish.target, values=values, environment=wish.environment
            )
        except (ChartDoesNotRender, RenderLimitExceeded) as exc:
            raise Refused from exc
        return by_key(observation.namespaced(rendered.documents, self.instance))


def with_settings(
    version: OfferingVersion, inputs: Mapping[str, Any], settings: Sequence[Setting]
) -> dict[str, Any]:
    """The inputs with these set. What the chart or the plan would fill in again is set to nothing."""
    result = copy.deepcopy(dict(inputs))
    for setting in settings:
        path = pointers.parse(setting.path)
        if not setting.absent:
            pointers.put(result, path, copy.deepcopy(setting.value))
            continue
        holder = pointers.get(result, path[:-1])
        if isinstance(holder, dict):
            holder.pop(path[-1], None)
        if pointers.get(version.default_values, path) is not pointers.ABSENT:
            pointers.put(result, path, None)
    return result
