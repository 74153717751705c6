"""The queue of whoever may decide, and the decisions."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from portal.accounts.permissions import require
from portal.accounts.roles import Verb
from portal.core.errors import SlipwayError
from portal.lifecycle.models import ChangeRequest
from portal.lifecycle.selectors.changes import awaiting_decision_by
from portal.lifecycle.services import approvals, changes
from portal.web import change_page
from portal.web.access import SignedIn
from portal.web.forms.decision import CancelForm, DecisionForm
from portal.web.middleware import status_of
from portal.web.paging import page_of


def queue(request: SignedIn) -> HttpResponse:
    require(request.user, Verb.DECIDE)
    page = page_of(awaiting_decision_by(request.user), request)
    return render(request, "approvals/queue.html", {"page": page})


@require_POST
def approve(request: SignedIn, pk: int) -> HttpResponse:
    return _decide(request, pk, approvals.approve, "Approved.")


@require_POST
def reject(request: SignedIn, pk: int) -> HttpResponse:
    return _decide(request, pk, approvals.reject, "Rejected.")


@require_POST
def cancel(request: SignedIn, pk: int) -> HttpResponse:
    change = get_object_or_404(change_page.rows(request.user), pk=pk)
    form = CancelForm(request.POST)
    try:
        comment = form.cleaned_data["comment"] if form.is_valid() else ""
        changes.cancel(change, actor=request.user, comment=comment)
    except SlipwayError as error:
        form.refuse(error)
        context = change_page.context(request, change, cancel=form)
        return render(request, "changes/show.html", context, status=status_of(error))
    messages.success(request, "Cancelled. Nothing was applied.", extra_tags="quiet")
    return redirect("web:changes-one", pk)


def _decide(request: SignedIn, pk: int, service: Callable[..., object], said: str) -> HttpResponse:
    change: ChangeRequest = get_object_or_404(change_page.rows(request.user), pk=pk)
    form = DecisionForm(request.POST)
    if not form.is_valid():
        return render(request, "changes/show.html", change_page.context(request, change, form), status=422)
    try:
        service(change, actor=request.user, **form.cleaned_data)
    except SlipwayError as error:
        form.refuse(error)
        change.refresh_from_db(fields=["state"])
        context = change_page.context(request, change, form)
        return render(request, "changes/show.html", context, status=status_of(error))
    messages.success(request, said)
    return redirect("web:changes-one", pk)
