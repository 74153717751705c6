"""Teams' quotas: how they stand, limiting them, asking for more, and deciding on that."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from portal.accounts.permissions import require
from portal.accounts.roles import Verb
from portal.core.errors import SlipwayError
from portal.lifecycle.models import QuotaRaise
from portal.lifecycle.services.pools import raising
from portal.web.access import SignedIn
from portal.web.forms.pools import CommentForm
from portal.web.middleware import status_of
from portal.web.pools import asking, listing, raise_page, team_page

Act = Callable[[QuotaRaise, str], None]


def browse(request: SignedIn) -> HttpResponse:
    require(request.user, Verb.AUDIT)
    return render(request, "pools/browse.html", listing.context(request))


def team(request: SignedIn, slug: str) -> HttpResponse:
    found = team_page.team_of(request.user, slug)
    return render(request, "pools/team.html", team_page.context(request.user, found))


def ask(request: SignedIn, slug: str, environment: str) -> HttpResponse:
    posted = request.POST if request.method == "POST" else None
    page = asking.page(request.user, slug, environment, posted, raises=True)
    if posted is not None and "simulate" in posted:
        page.simulate()
    elif posted is not None and (made := page.ask()):
        messages.success(request, "Asked for. It holds once somebody else has granted it.", "waiting")
        return redirect("web:pools-raise", made.pk)
    return render(request, "pools/ask.html", page.context(), status=page.status)


def limit(request: SignedIn, slug: str, environment: str) -> HttpResponse:
    posted = request.POST if request.method == "POST" else None
    page = asking.page(request.user, slug, environment, posted, raises=False)
    if posted is not None and "simulate" in posted:
        page.simulate()
    elif posted is not None and page.limit():
        messages.success(request, "Set. It holds from now on.")
        return redirect("web:pools-team", slug)
    return render(request, "pools/ask.html", page.context(), status=page.status)


def show(request: SignedIn, pk: int) -> HttpResponse:
    asked = raise_page.raise_of(request.user, pk)
    return render(request, "pools/raise.html", raise_page.context(request.user, asked))


@require_POST
def grant(request: SignedIn, pk: int) -> HttpResponse:
    def act(asked: QuotaRaise, comment: str) -> None:
        raising.grant(asked, actor=request.user, comment=comment)

    return _act(request, pk, "grant", act, "Granted. The team has these limits from now on.")


@require_POST
def reject(request: SignedIn, pk: int) -> HttpResponse:
    def act(asked: QuotaRaise, comment: str) -> None:
        raising.reject(asked, actor=request.user, comment=comment)

    return _act(request, pk, "reject", act, "Rejected.")


@require_POST
def withdraw(request: SignedIn, pk: int) -> HttpResponse:
    def act(asked: QuotaRaise, comment: str) -> None:
        raising.withdraw(asked, actor=request.user)

    return _act(request, pk, "withdraw", act, "Withdrawn.")


def _act(request: SignedIn, pk: int, name: str, act: Act, said: str) -> HttpResponse:
    asked, form, status = raise_page.raise_of(request.user, pk), CommentForm(request.POST), 422
    if form.is_valid():
        try:
            act(asked, form.cleaned_data["comment"])
            messages.success(request, said)
            return redirect("web:pools-raise", pk)
        except SlipwayError as error:
            form.refuse(error)
            status = status_of(error)
    return _again(request, pk, form, name, status)


def _again(request: SignedIn, pk: int, form: CommentForm, acting: str, status: int) -> HttpResponse:
    """The page as it is by now, with the reason why nothing happened and with what was typed."""
    asked = raise_page.raise_of(request.user, pk)
    context = raise_page.context(request.user, asked, form, acting)
    return render(request, "pools/raise.html", context, status=status)
