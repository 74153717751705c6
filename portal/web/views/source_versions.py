"""One version of a chart: its report, publishing it, putting it on offer, and taking it away again."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from portal.accounts.permissions import require
from portal.accounts.roles import Verb
from portal.lifecycle.selectors import import_policies
from portal.web.access import SignedIn
from portal.web.sources import publishing, version_page
from services_catalog.imports import moves
from services_catalog.imports.errors import NotPublishable
from services_catalog.models import SourceVersion
from services_catalog.sources import services


def show(request: SignedIn, slug: str, chart: str, version: str) -> HttpResponse:
    row = _row(request, slug, chart, version, Verb.AUDIT)
    return render(request, "sources/version.html", version_page.context(request.user, row))


def publish(request: SignedIn, slug: str, chart: str, version: str) -> HttpResponse:
    row = _row(request, slug, chart, version, Verb.CURATE)
    page = publishing.page(request.user, row, request.POST if request.method == "POST" else None)
    if request.method == "POST" and page.publish():
        messages.success(
            request, f"{row.offering_version} is a draft. Put it on offer when it is as it should be."
        )
        return _back(row)
    return render(request, "sources/publish.html", page.context(), status=page.status)


@require_POST
def activate(request: SignedIn, slug: str, chart: str, version: str) -> HttpResponse:
    row = _row(request, slug, chart, version, Verb.CURATE)
    policies, capabilities = import_policies.current()
    try:
        moves.activate(
            version_page.published(row), actor=request.user, policies=policies, capabilities=capabilities
        )
    except NotPublishable as error:
        context = {**version_page.context(request.user, row), "refused": error}
        return render(request, "sources/version.html", context, status=409)
    messages.success(request, f"{row.offering_version} is on offer.")
    return _back(row)


@require_POST
def retire(request: SignedIn, slug: str, chart: str, version: str) -> HttpResponse:
    row = _row(request, slug, chart, version, Verb.CURATE)
    moves.retire(version_page.published(row), actor=request.user, comment=request.POST.get("comment", ""))
    messages.success(request, f"{row.offering_version} is retired.")
    return _back(row)


@require_POST
def discard(request: SignedIn, slug: str, chart: str, version: str) -> HttpResponse:
    row = _row(request, slug, chart, version, Verb.CURATE)
    moves.discard(version_page.published(row), actor=request.user)
    messages.success(request, "The draft is thrown away.")
    return _back(row)


@require_POST
def retry(request: SignedIn, slug: str, chart: str, version: str) -> HttpResponse:
    row = _row(request, slug, chart, version, Verb.CURATE)
    services.retry(row, actor=request.user)
    messages.success(request, "It is looked at again with the next sync, which follows now.")
    return _back(row)


def _row(request: SignedIn, slug: str, chart: str, version: str, verb: Verb) -> SourceVersion:
    require(request.user, verb)
    return version_page.version_of(slug, chart, version)


def _back(row: SourceVersion) -> HttpResponse:
    return redirect("web:sources-version", row.source.slug, row.chart, row.version)
