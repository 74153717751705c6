"""Windows on pages: whether an environment is open, and moments in the zone of whoever set the window."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from portal.core import clock
from portal.environments.models import Environment
from portal.environments.schedules import schedule_of
from portal.environments.windows import WindowState
from portal.web import wording

register = template.Library()


@register.simple_tag
def window_of(environment: Environment) -> WindowState:
    """`{% window_of environment as window %}`: one query, none where `windows` were prefetched."""
    return schedule_of(environment).state_at(clock.now())


@register.simple_tag
def local(moment: datetime, zone: str, style: str = "") -> SafeString:
    """`Mon 27 Nov 09:00 Europe/Berlin`, with the year when it is another one. `style`: short leaves out the
    zone."""
    there = moment.astimezone(ZoneInfo(zone))
    year = "" if there.year == clock.now().astimezone(ZoneInfo(zone)).year else f" {there.year}"
    name = "" if style == "short" else f" {zone}"
    return format_html(
        '<time datetime="{}" title="{}">{}{}</time>',
        moment.isoformat(timespec="seconds"),
        wording.exact(moment),
        f"{there:%a} {there.day} {there:%b}{year} {there:%H:%M}",
        name,
    )
