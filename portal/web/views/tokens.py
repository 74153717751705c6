"""One's own API tokens. The text of a new one is shown once."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from portal.accounts.models import ApiToken
from portal.core.errors import SlipwayError
from portal.lifecycle.services import tokens
from portal.web.access import SignedIn
from portal.web.forms.token import TokenForm
from portal.web.middleware import status_of


def browse(request: SignedIn) -> HttpResponse:
    return _page(request, TokenForm())


@require_POST
def create(request: SignedIn) -> HttpResponse:
    form = TokenForm(request.POST)
    if not form.is_valid():
        return _page(request, form, status=422)
    try:
        _, fresh = tokens.create(actor=request.user, **form.cleaned_data)
    except SlipwayError as error:
        form.refuse(error)
        return _page(request, form, status=status_of(error))
    return _page(request, TokenForm(), fresh=fresh, status=201)


@require_POST
def revoke(request: SignedIn, pk: str) -> HttpResponse:
    tokens.revoke(pk, actor=request.user)
    messages.success(request, "Revoked. Whatever used it is refused from now on.")
    return redirect("web:tokens")


def _page(request: SignedIn, form: TokenForm, *, fresh: str = "", status: int = 200) -> HttpResponse:
    rows = ApiToken.objects.filter(user=request.user).order_by("-created")
    context = {"form": form, "fresh": fresh, "tokens": rows}
    response = render(request, "tokens/browse.html", context, status=status)
    response["Cache-Control"] = "no-store"
    return response
