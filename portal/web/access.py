"""Pages for signed-in people. A form that outlived its session is kept until one has signed in again."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotAllowed

from portal.accounts.models import User
from portal.web.views import session

Page = Callable[..., HttpResponseBase]
METHODS = ("GET", "HEAD", "POST")


class SignedIn(HttpRequest):
    """A request whose user is known, for the annotations of our views."""

    user: User
    htmx: Any


def signed_in(view: Page) -> Page:
    """Ask who it is first. What was posted comes along, and can be sent again after signing in."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method not in METHODS:
            return HttpResponseNotAllowed(METHODS)
        if request.user.is_authenticated:
            return view(request, *args, **kwargs)
        if getattr(request, "htmx", False):
            return HttpResponse(status=401, headers={"X-Slipway-Signed-Out": "1"})
        if request.method == "POST":
            return session.hold(request)
        return redirect_to_login(request.get_full_path())

    return guarded
