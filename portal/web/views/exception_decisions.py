"""Deciding on an exception, and ending one."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from portal.core.errors import SlipwayError
from portal.lifecycle.models import PolicyException
from portal.lifecycle.services import exceptions
from portal.web.access import SignedIn
from portal.web.exceptions import page as exception_page
from portal.web.forms.exceptions import DecideForm
from portal.web.middleware import status_of

Act = Callable[[PolicyException, DecideForm], object]


@require_POST
def grant(request: SignedIn, pk: int) -> HttpResponse:
    def act(exception: PolicyException, form: DecideForm) -> None:
        comment = form.cleaned_data["comment"]
        exceptions.grant(exception, actor=request.user, comment=comment, expires_at=form.expires_at)

    return _act(request, pk, "grant", act, "Granted. It counts from now on, until its end.")


@require_POST
def reject(request: SignedIn, pk: int) -> HttpResponse:
    def act(exception: PolicyException, form: DecideForm) -> None:
        exceptions.reject(exception, actor=request.user, comment=form.cleaned_data["comment"])

    return _act(request, pk, "reject", act, "Rejected.")


@require_POST
def revoke(request: SignedIn, pk: int) -> HttpResponse:
    def act(exception: PolicyException, form: DecideForm) -> None:
        exceptions.revoke(exception, actor=request.user, comment=form.cleaned_data["comment"])

    return _act(request, pk, "revoke", act, "Revoked. The policy counts again everywhere.")


@require_POST
def withdraw(request: SignedIn, pk: int) -> HttpResponse:
    def act(exception: PolicyException, form: DecideForm) -> None:
        exceptions.withdraw(exception, actor=request.user)

    return _act(request, pk, "withdraw", act, "Withdrawn.")


def _act(request: SignedIn, pk: int, name: str, act: Act, said: str) -> HttpResponse:
    exception = get_object_or_404(exception_page.rows(request.user), pk=pk)
    form = DecideForm(request.POST)
    status = 422
    if form.is_valid():
        try:
            act(exception, form)
            messages.success(request, said)
            return redirect("web:exceptions-one", pk)
        except SlipwayError as error:
            form.refuse(error)
            status = status_of(error)
    return _again(request, pk, form, name, status)


def _again(request: SignedIn, pk: int, form: DecideForm, acting: str, status: int) -> HttpResponse:
    """The page as it is by now, with the reason why nothing happened and with what was typed."""
    exception = get_object_or_404(exception_page.rows(request.user), pk=pk)
    context = exception_page.context(request, exception, form, acting)
    return render(request, "exceptions/show.html", context, status=status)
