"""What people do with a change on its page: decide, ask for another, say something, seal it again."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from portal.core.errors import SlipwayError
from portal.lifecycle.models import ChangeComment, ChangeRequest
from portal.lifecycle.services import approvals, break_glass, changes, comments, evidence, reseals
from portal.lifecycle.states import ChangeState
from portal.web import change_page
from portal.web.access import SignedIn
from portal.web.forms.decision import ServiceForm
from portal.web.middleware import status_of

Act = Callable[[ChangeRequest, ServiceForm], object]
Said = str | Callable[[ChangeRequest], str]


@require_POST
def approve(request: SignedIn, pk: int) -> HttpResponse:
    def act(change: ChangeRequest, form: ServiceForm) -> None:
        approvals.approve(change, actor=request.user, **form.cleaned_data)

    return _act(request, pk, "approve", act, "Approved.")


@require_POST
def reject(request: SignedIn, pk: int) -> HttpResponse:
    def act(change: ChangeRequest, form: ServiceForm) -> None:
        given = form.cleaned_data
        approvals.reject(change, actor=request.user, digest=given["digest"], comment=given["comment"])

    return _act(request, pk, "reject", act, "Rejected.")


@require_POST
def cancel(request: SignedIn, pk: int) -> HttpResponse:
    def act(change: ChangeRequest, form: ServiceForm) -> None:
        changes.cancel(change, actor=request.user, comment=form.cleaned_data["comment"])

    return _act(request, pk, "cancel", act, _cancelled, "quiet")


def _cancelled(change: ChangeRequest) -> str:
    if change.state == ChangeState.RUNNING:
        return "It is being stopped. What it has applied is taken back."
    return "Cancelled. Nothing was applied."


@require_POST
def say(request: SignedIn, pk: int) -> HttpResponse:
    def act(change: ChangeRequest, form: ServiceForm) -> None:
        comments.say(change, actor=request.user, text=form.cleaned_data["text"])

    return _act(request, pk, "say", act, "", at="#comments")


@require_POST
def ask(request: SignedIn, pk: int) -> HttpResponse:
    def act(change: ChangeRequest, form: ServiceForm) -> None:
        comments.ask_for_change(change, actor=request.user, **form.cleaned_data)

    said = "Asked for a change. Nobody else can approve it until that is answered, or taken back."
    return _act(request, pk, "ask", act, said)


@require_POST
def settle(request: SignedIn, pk: int, comment: int) -> HttpResponse:
    def act(change: ChangeRequest, form: ServiceForm) -> None:
        wish = get_object_or_404(
            ChangeComment.objects.select_related("author", "change"), change=change, pk=comment
        )
        comments.settle(wish, actor=request.user)

    return _act(request, pk, "", act, "Taken back.", "quiet")


@require_POST
def refresh(request: SignedIn, pk: int) -> HttpResponse:
    def act(change: ChangeRequest, form: ServiceForm) -> None:
        evidence.refresh(change, actor=request.user)

    return _act(
        request, pk, "", act, "The evidence is being gathered again; it appears here by itself.", "working"
    )


@require_POST
def seal_again(request: SignedIn, pk: int) -> HttpResponse:
    def act(change: ChangeRequest, form: ServiceForm) -> None:
        reseals.reseal(change, actor=request.user)

    said = (
        "Sealed again, as things are now. Earlier approvals count no longer; its evidence is gathered anew."
    )
    return _act(request, pk, "", act, said)


@require_POST
def review(request: SignedIn, pk: int) -> HttpResponse:
    def act(change: ChangeRequest, form: ServiceForm) -> None:
        break_glass.review(change.break_glass, actor=request.user, **form.cleaned_data)

    return _act(request, pk, "review", act, "Reviewed.")


def _act(
    request: SignedIn, pk: int, name: str, act: Act, said: Said, meaning: str = "ready", at: str = ""
) -> HttpResponse:
    """Do it; or show the page again with the reason beside its cause, and with what was typed."""
    change = get_object_or_404(change_page.rows(request.user), pk=pk)
    form, status = change_page.FORMS.get(name, ServiceForm)(request.POST), 422
    if form.is_valid():
        try:
            act(change, form)
        except SlipwayError as error:
            form.refuse(error)
            status = status_of(error)
        else:
            return _done(request, pk, said if isinstance(said, str) else said(change), meaning, at)
    return _again(request, pk, form, name, status)


def _done(request: SignedIn, pk: int, said: str, meaning: str, at: str) -> HttpResponse:
    if said:
        messages.success(request, said, extra_tags=meaning)
    response = redirect("web:changes-one", pk)
    response["Location"] += at
    return response


def _again(request: SignedIn, pk: int, form: ServiceForm, acting: str, status: int) -> HttpResponse:
    change = get_object_or_404(change_page.rows(request.user), pk=pk)
    context = change_page.context(request, change, form, acting)
    return render(request, "changes/show.html", context, status=status)
