"""Light, dark, or as the system has it: in a cookie, so that the first paint is right without a script."""

from __future__ import annotations

from datetime import timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from portal.web.context import THEMES
from portal.web.signing_in import put


@require_POST
def choose(request: HttpRequest) -> HttpResponse:
    back = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()}):
        back = "web:home"
    response = redirect(back)
    theme = request.POST.get("theme", "")
    if theme in THEMES:
        put(response, "theme", theme, timedelta(days=365))
    return response
