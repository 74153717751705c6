"""The atoms of a request: how full the quota gets, what is made, what is changed, how long it takes."""

from __future__ import annotations

import json
from typing import Any

from django import template
from django.http import HttpRequest

from portal.core.documents import dump_yaml
from portal.environments.models import Environment
from portal.lifecycle.operations.drafting import Draft
from portal.lifecycle.selectors import durations
from portal.web import values_file, wording
from portal.web.asking import Asking
from portal.web.decision import gate_rules
from portal.web.quota_bars import Bar, bar
from portal.web.rendered import Row, rows_of
from services_catalog import values
from services_catalog.forms.changes import Change, changes
from services_catalog.models import Offering

register = template.Library()


@register.simple_tag
def quota_bars(draft: Draft) -> list[Bar]:
    """The namespace's quota before and after, line by line."""
    return [bar(line) for line in draft.quota]


@register.simple_tag
def pool_bars(draft: Draft) -> list[Bar]:
    """The team's quota before and after, of a namespace."""
    return [bar(line) for line in draft.room.lines] if draft.room else []


@register.filter
def unchanged(bars: list[Bar]) -> list[Bar]:
    return [each for each in bars if not each.changes and each.level != "wrong"]


@register.simple_tag
def object_rows(draft: Draft, opened: str = "") -> list[Row]:
    return rows_of(draft, opened)


@register.simple_tag
def usual_time(offering: Offering, environment: Environment | None) -> str:
    """`about 40 s (median of the last 12)`; "" where nothing is known yet."""
    usual = durations.usual_rollout(offering, environment) if environment else None
    if usual is None:
        return ""
    seconds = max(1, round(usual.duration.total_seconds()))
    told = f"{seconds} s" if seconds < wording.MINUTE else wording.span(usual.duration)
    return f"about {told}" + (
        f", median of the last {usual.count}" if usual.count > 1 else ", as the last time"
    )


@register.simple_tag
def gate_lines(environment: Environment | None, kind: str) -> list[str]:
    """The gate in words, before there is a draft."""
    return gate_rules.lines(environment, kind) if environment else []


@register.simple_tag
def changes_of(asking: Asking) -> list[Change]:
    """What differs from the chart's and the plan's values, and is not the portal's to set."""
    sheet = asking.sheet
    return changes(sheet.version, sheet.plan, sheet.values)


@register.filter
def more_than(cents: int | None, before: int | None) -> str:
    """`+32 €`, `−5 €`."""
    more = (cents or 0) - (before or 0)
    return f"{'+' if more > 0 else '−'}{wording.euros(abs(more))}"


@register.filter
def as_reset(change: Change) -> str:
    """What the button that takes it back sends."""
    return json.dumps([{"path": change.path}])


@register.simple_tag
def wish_of(asking: Asking) -> dict[str, Any]:
    """What the API would be sent, secrets masked."""
    shown = values.masked(asking.sheet.version.values_schema, asking.sheet.values)
    return {**asking.data, "values": shown}


@register.filter
def values_text(draft: Draft) -> str:
    return values_file.text(draft)


@register.filter
def helm_command(draft: Draft) -> str:
    return values_file.command(draft)


@register.filter
def short_yaml(value: Any) -> str:
    """A value in one line or a few, as it stands in YAML."""
    return dump_yaml(value).removesuffix("\n").removesuffix("\n...")


@register.simple_tag
def curl_of(request: HttpRequest, body: str) -> str:
    """The call that asks for the same, ready for a shell."""
    address = request.build_absolute_uri("/api/v1/changes/")
    quoted = body.replace("'", "'\\''")
    return (
        'curl -X POST -H "Authorization: Token $SLIPWAY_TOKEN" -H "Idempotency-Key: $(uuidgen)" \\\n'
        f"  -H \"Content-Type: application/json\" -d '{quoted}' \\\n  {address}"
    )
