"""Freezes and opening hours of an environment: look, add, remove. Only for platform engineers."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from portal.accounts.permissions import require
from portal.accounts.roles import Verb
from portal.environments import window_services
from portal.environments.models import Environment
from portal.web import window_page
from portal.web.access import SignedIn
from portal.web.window_page import WindowPage


def show(request: SignedIn, slug: str) -> HttpResponse:
    return render(request, "windows/show.html", _page(request, slug).context())


@require_POST
def add(request: SignedIn, slug: str) -> HttpResponse:
    page = _page(request, slug, request.POST)
    if page.add() is None:
        return render(request, "windows/show.html", page.context(), status=page.status)
    messages.success(request, "Added. It holds at once, also for what waits.")
    return redirect("web:platform-windows", slug)


@require_POST
def remove(request: SignedIn, slug: str, pk: int) -> HttpResponse:
    page = _page(request, slug)
    window = get_object_or_404(page.environment.windows.select_related("environment"), pk=pk)
    window_services.remove(window, actor=request.user)
    messages.success(request, "Removed. The audit trail keeps what it was.", extra_tags="quiet")
    return redirect("web:platform-windows", slug)


def _page(request: SignedIn, slug: str, posted: QueryDict | None = None) -> WindowPage:
    require(request.user, Verb.CURATE)
    environment = get_object_or_404(Environment.objects.prefetch_related("windows__saved_by"), slug=slug)
    return window_page.of(request.user, environment, posted)
