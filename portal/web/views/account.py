"""One's own account: password, and the browsers that are signed in."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from portal.accounts.sessions import HANDLE, SessionStore, open_sessions
from portal.core.errors import SlipwayError
from portal.lifecycle.services import passwords, sessions
from portal.web.access import SignedIn
from portal.web.forms.password import PasswordForm
from portal.web.middleware import status_of
from portal.web.views.session import sign_out


def browse(request: SignedIn) -> HttpResponse:
    context = {"sessions": open_sessions(request.user), "present": request.session.get(HANDLE)}
    return render(request, "session/browse.html", context)


@require_POST
def end(request: SignedIn, pk: UUID) -> HttpResponse:
    if str(pk) == request.session.get(HANDLE):
        return sign_out(request)
    sessions.end(str(pk), actor=request.user)
    messages.success(request, "Ended. That browser has to sign in again.")
    return redirect("web:sessions")


@require_POST
def end_others(request: SignedIn) -> HttpResponse:
    ended = sessions.end_others(request.user, but=_store(request))
    messages.success(request, f"{_others(ended)} You are signed in here only.")
    return redirect("web:sessions")


@sensitive_post_parameters()
def password(request: SignedIn) -> HttpResponse:
    form = PasswordForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        status = 422 if request.method == "POST" else 200
        return render(request, "session/password.html", {"form": form}, status=status)
    try:
        ended = passwords.change(request.user, keep=_store(request), **form.for_service())
    except SlipwayError as error:
        form.refuse(error)
        return render(request, "session/password.html", {"form": form}, status=status_of(error))
    update_session_auth_hash(request, request.user)
    messages.success(request, f"Your password is changed. {_others(ended)}")
    return redirect("web:sessions")


def _others(count: int) -> str:
    return f"{count or 'No'} other session{'' if count == 1 else 's'} ended."


def _store(request: SignedIn) -> SessionStore:
    store = request.session
    assert isinstance(store, SessionStore)  # noqa: S101 SESSION_ENGINE
    return store
