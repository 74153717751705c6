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
    form, fresh, status = TokenForm(request.POST or None), "", 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                _, fresh = tokens.create(actor=request.user, **form.cleaned_data)
                form, status = TokenForm(), 201
            except SlipwayError as error:
                form.refuse(error)
                status = status_of(error)
    rows = ApiToken.objects.filter(user=request.user).order_by("-created")
    response = render(
        request, "tokens/browse.html", {"form": form, "fresh": fresh, "tokens": rows}, status=status
    )
    response["Cache-Control"] = "no-store"
    return response


@require_POST
def revoke(request: SignedIn, pk: str) -> HttpResponse:
    tokens.revoke(pk, actor=request.user)
    messages.success(request, "Revoked. Whatever used it is refused from now on.")
    return redirect("web:tokens")
