"""One's own notices. Reading is posted: what only follows links marks nothing."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from portal.audit import inbox
from portal.audit.models import Notification
from portal.core import clock
from portal.web.access import SignedIn
from portal.web.forms.notifications import PreferenceForm, ReadAllForm
from portal.web.paging import page_of


def browse(request: SignedIn) -> HttpResponse:
    return _page(request, PreferenceForm(initial={"email": inbox.preference_of(request.user).email}))


@require_POST
def open_one(request: SignedIn, pk: str) -> HttpResponse:
    notification = get_object_or_404(Notification.objects.visible_to(request.user), pk=pk)
    inbox.read(notification)
    return redirect(notification.url)


@require_POST
def read(request: SignedIn, pk: str) -> HttpResponse:
    inbox.read(get_object_or_404(Notification.objects.visible_to(request.user), pk=pk))
    return redirect("web:notifications")


@require_POST
def read_all(request: SignedIn) -> HttpResponse:
    form = ReadAllForm(request.POST)
    if form.is_valid():
        inbox.read_all(request.user, until=form.cleaned_data["until"])
    else:
        messages.error(request, "Nothing was marked. Reload, and try again.", "wrong")
    return redirect("web:notifications")


@require_POST
def prefer(request: SignedIn) -> HttpResponse:
    form = PreferenceForm(request.POST)
    if not form.is_valid():
        return _page(request, form, status=422)
    inbox.prefer(request.user, email=form.cleaned_data["email"])
    messages.success(request, "Saved.")
    return redirect("web:notifications")


def _page(request: SignedIn, form: PreferenceForm, *, status: int = 200) -> HttpResponse:
    rows = Notification.objects.visible_to(request.user).for_listing()
    context = {
        "page": page_of(rows, request),
        "form": form,
        "now": clock.now().isoformat(),
        "by_email": inbox.by_email(request.user),
    }
    return render(request, "notifications/browse.html", context, status=status)
