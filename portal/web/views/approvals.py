"""The queue of whoever may decide."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from portal.accounts.permissions import require
from portal.accounts.roles import Verb
from portal.core.errors import SlipwayError
from portal.lifecycle.services import queue as services
from portal.web import queue_page
from portal.web.access import SignedIn
from portal.web.forms.decision import BulkForm
from portal.web.middleware import status_of


def queue(request: SignedIn) -> HttpResponse:
    require(request.user, Verb.DECIDE)
    return render(request, "approvals/queue.html", queue_page.context(request))


@require_POST
def bulk(request: SignedIn) -> HttpResponse:
    """Reject or close several at once; nothing is ever approved so."""
    require(request.user, Verb.DECIDE)
    act = services.close_many if request.POST.get("act") == "close" else services.reject_many
    form, status = BulkForm(request.POST), 422
    if form.is_valid():
        try:
            done = act(form.cleaned_data["rows"], actor=request.user, comment=form.cleaned_data["comment"])
            messages.success(request, *queue_page.said(done, closed=act is services.close_many))
            return redirect("web:approvals")
        except SlipwayError as error:
            form.refuse(error)
            status = status_of(error)
    return render(request, "approvals/queue.html", queue_page.context(request, form), status=status)
