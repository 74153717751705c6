"""The audit trail."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from portal.accounts.permissions import require
from portal.accounts.roles import Verb
from portal.audit import verifying
from portal.audit.models import AuditEvent
from portal.web.access import SignedIn
from portal.web.forms.filters import AuditFilter
from portal.web.paging import page_of


def browse(request: SignedIn) -> HttpResponse:
    rows = AuditEvent.objects.visible_to(request.user).select_related("team")
    found = AuditFilter(request.GET, queryset=rows, request=request)
    context = {
        "filter": found,
        "page": page_of(found.qs, request),
        "may_verify": request.user.access.may(Verb.AUDIT),
    }
    return render(request, "audit/browse.html", context)


@require_POST
def verify(request: SignedIn) -> HttpResponse:
    """Walk the whole chain now."""
    require(request.user, Verb.AUDIT)
    result = verifying.verify(processes=1)
    if result.intact:
        said = f"The chain is intact: {result.checked:,} records checked."
        messages.success(request, said)
    else:
        messages.error(request, str(result.fault), extra_tags="wrong")
    return redirect("web:audit")
