"""Signing in and out, both audited."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib.auth import logout
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from portal.accounts import throttling
from portal.accounts.models import User
from portal.audit.recording import record
from portal.core.errors import TooManyAttempts
from portal.web import signing_in
from portal.web.forms.sign_in import SignInForm

HELD = "held:"


@dataclass
class Attempt:
    """A sign-in with a name that belongs to nobody."""

    pk: str

    def __str__(self) -> str:
        return self.pk


class SignIn(LoginView):
    """A form posted without a session travels along as hidden fields, and can be sent on after signing in."""

    form_class = SignInForm
    template_name = "session/sign_in.html"
    redirect_authenticated_user = True

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self.redirect_authenticated_user = "close" not in request.GET
        return super().dispatch(request, *args, **kwargs)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """The password is looked at only when this attempt is let through."""
        self.attempt = signing_in.attempt_of(request)
        try:
            throttling.admit(self.attempt)
        except TooManyAttempts as error:
            return self._slowed_down(error)
        return super().post(request, *args, **kwargs)

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        throttling.succeeded(self.attempt)
        with transaction.atomic():
            response = super().form_valid(form)
            user = form.get_user()
            signing_in.begin(self.request)
            record("session.opened", user, actor=user)
        held = held_fields(self.request)
        if held:
            context = {"held": held, "next": self.get_success_url()}
            response = render(self.request, "session/carry_on.html", context)
        signing_in.remember(response, user)
        return response

    def form_invalid(self, form: AuthenticationForm) -> HttpResponse:
        record("session.refused", self._tried(), actor=None)
        response = super().form_invalid(form)
        response.status_code = 422
        return response

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {**super().get_context_data(**kwargs), "held": held_fields(self.request)}

    def _slowed_down(self, error: TooManyAttempts) -> HttpResponse:
        if error.news:
            record("session.throttled", self._tried(), actor=None, after={"seconds": error.seconds})
        form = SignInForm(self.request, initial={"username": self.request.POST.get("username", "")[:150]})
        context = self.get_context_data(form=form, slowed_down=error)
        response = render(self.request, self.template_name, context, status=429)
        response["Retry-After"] = str(error.seconds)
        return response

    def _tried(self) -> User | Attempt:
        name = self.request.POST.get("username", "")[:64]
        return User.objects.filter(username=name).first() or Attempt(name)


def hold(request: HttpRequest) -> HttpResponse:
    """Ask who it is, keeping what was posted to this address."""
    fields = [(f"{HELD}{name}", value) for name, values in request.POST.lists() for value in values]
    context = {
        "form": SignInForm(request),
        "held": [field for field in fields if field[0] != f"{HELD}csrfmiddlewaretoken"],
        "next": request.get_full_path(),
    }
    return render(request, "session/sign_in.html", context, status=401)


def held_fields(request: HttpRequest) -> list[tuple[str, str]]:
    return [(n, v) for n, values in request.POST.lists() if n.startswith(HELD) for v in values]


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End this session; whatever the browser has stored of it goes too."""
    user = request.user
    if isinstance(user, User):
        record("session.closed", user, actor=user)
    logout(request)
    response = redirect("web:sign-in")
    response["Clear-Site-Data"] = '"cache", "storage"'
    return response
