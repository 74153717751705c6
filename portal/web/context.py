"""What the frame around every page needs."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from portal.accounts.models import User
from portal.audit import inbox
from portal.lifecycle.selectors import exceptions, queue
from portal.web import navigation
from portal.web.documents import helping

SHEETS = "tokens frame parts forms requests pages instances policies decisions"
STYLESHEETS = tuple(f"slipway/css/{name}.css" for name in SHEETS.split())
THEMES = {"auto": "light", "light": "dark", "dark": "auto"}


def frame(request: HttpRequest) -> dict[str, Any]:
    """Navigation by role, counts (asked for only when shown), the section one is in, the theme."""
    theme = request.COOKIES.get(f"{settings.SLIPWAY_COOKIE_PREFIX}theme", "auto")
    theme = theme if theme in THEMES else "auto"
    shared: dict[str, Any] = {
        "theme": theme,
        "theme_next": THEMES[theme],
        "stylesheets": STYLESHEETS,
        "section": _section(request),
    }
    user = getattr(request, "user", None)
    if not isinstance(user, User):
        return shared
    at_hand, more = navigation.at_hand_for(user)
    return {
        **shared,
        "unread": SimpleLazyObject(lambda: inbox.unread_of(user)),
        "help_url": helping.help_for(_page(request)),
        "places": navigation.places_for(user),
        "places_at_hand": at_hand,
        "places_more": more,
        "waiting_counts": {
            "approvals": SimpleLazyObject(lambda: queue.count_for(user)),
            "exceptions": SimpleLazyObject(lambda: exceptions.awaiting_decision_by(user).count()),
        },
    }


def _section(request: HttpRequest) -> str:
    name = _page(request).partition("-")[0]
    return navigation.WITHIN.get(name, name)


def _page(request: HttpRequest) -> str:
    match = request.resolver_match
    return match.url_name or "" if match else ""
