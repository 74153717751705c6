"""Passing a gate in an emergency: a page of its own, so that nobody gets there by slipping."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from portal.core.errors import SlipwayError, ValidationFailed
from portal.lifecycle.models import ChangeRequest
from portal.lifecycle.services import break_glass
from portal.web import change_page
from portal.web.access import SignedIn
from portal.web.forms.decision import BreakGlassForm
from portal.web.middleware import status_of


def show(request: SignedIn, pk: int) -> HttpResponse:
    change = get_object_or_404(change_page.rows(request.user), pk=pk)
    form, status = BreakGlassForm(request.POST or None), 200
    if request.method == "POST":
        status = _pass(request, change, form)
        if status == 302:
            return redirect("web:changes-one", pk)
    context = {
        "change": change,
        "form": form,
        "why_not": break_glass.why_may_not_pass(change, request.user),
    }
    return render(request, "changes/break_glass.html", context, status=status)


def _pass(request: SignedIn, change: ChangeRequest, form: BreakGlassForm) -> int:
    """The status to answer with: 302 once it is done."""
    if not form.is_valid():
        return 422
    given = dict(form.cleaned_data)
    try:
        _check_name(change, given.pop("confirm"))
        break_glass.pass_gate(change, actor=request.user, **given)
    except SlipwayError as error:
        form.refuse(error)
        return status_of(error)
    said = "The gate was passed. Everybody concerned is told, and another operator has to review it."
    messages.success(request, said, extra_tags="waiting")
    return 302


def _check_name(change: ChangeRequest, typed: str) -> None:
    if typed.strip() not in (change.environment.slug, change.environment.name):
        raise ValidationFailed.at("/confirm", f"Type {change.environment.name} to confirm.", "not_confirmed")
