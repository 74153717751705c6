"""The audit trail."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from portal.accounts.permissions import require
from portal.accounts.roles import Verb
from portal.audit import passes
from portal.web import audit_page
from portal.web.access import SignedIn


def browse(request: SignedIn) -> HttpResponse:
    return render(request, "audit/browse.html", audit_page.listing(request))


def show(request: SignedIn, pk: UUID) -> HttpResponse:
    return render(request, "audit/show.html", audit_page.detail(request, pk))


@require_safe
def export(request: SignedIn) -> HttpResponseBase:
    return audit_page.download(request)


@require_POST
def verify(request: SignedIn) -> HttpResponse:
    """Walk the chain now, as far as a request may take."""
    require(request.user, Verb.AUDIT)
    look = passes.look()
    if look.outcome.fault:
        messages.error(request, str(look.outcome.fault), extra_tags="wrong")
    elif look.outcome.complete:
        messages.success(request, f"The chain is intact: {look.outcome.checked:,} records checked.")
    else:
        messages.success(request, f"The newest {look.outcome.checked:,} records are intact.")
    return redirect("web:audit")
