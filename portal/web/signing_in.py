"""What signing in remembers of a browser."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from portal.accounts import devices
from portal.accounts.addresses import address_of
from portal.accounts.models import User
from portal.accounts.throttling import Attempt

KNOWN = "known-browser"


def attempt_of(request: HttpRequest) -> Attempt:
    """What a sign-in that does not work will count against."""
    name = request.POST.get("username", "")[:150]
    device = devices.known(request.COOKIES.get(f"{settings.SLIPWAY_COOKIE_PREFIX}{KNOWN}"), name)
    return Attempt.to_sign_in(name, address_of(request.META), device)


def begin(request: HttpRequest) -> None:
    """Another session, also for somebody who was signed in already, that knows which browser it is of."""
    request.session.cycle_key()
    agent = request.headers.get("User-Agent", "")
    request.session.begin(  # type: ignore[attr-defined] # portal.accounts.sessions
        agent="".join(each for each in agent if each.isprintable()), address=address_of(request.META)
    )


def remember(response: HttpResponse, user: User) -> None:
    """From now on this browser is known for this account."""
    put(response, KNOWN, devices.cookie_for(user.username), devices.LIFETIME, same_site="Strict")


def put(response: HttpResponse, name: str, value: str, age: timedelta, *, same_site: str = "Lax") -> None:
    """A cookie as all of ours are: for this host alone, unseen by scripts."""
    response.set_cookie(
        f"{settings.SLIPWAY_COOKIE_PREFIX}{name}",
        value,
        max_age=age,
        samesite=same_site,  # type: ignore[arg-type] # one of three words
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
    )
