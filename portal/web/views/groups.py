"""Groups of approvers. Only for platform engineers."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from portal.accounts.permissions import require
from portal.accounts.roles import Verb
from portal.core.errors import SlipwayError
from portal.environments.groups import save_group
from portal.environments.models import ApproverGroup
from portal.web.access import SignedIn
from portal.web.forms.groups import GroupForm
from portal.web.middleware import status_of


def browse(request: SignedIn) -> HttpResponse:
    require(request.user, Verb.CURATE)
    form = GroupForm(request.POST or None)
    if (done := _saved(request, form, new=True)) is not None:
        return done
    context = {"groups": _groups(), "form": form}
    return render(request, "groups/browse.html", context, status=_status(form))


def show(request: SignedIn, slug: str) -> HttpResponse:
    require(request.user, Verb.CURATE)
    group = get_object_or_404(_groups(), slug=slug)
    form = GroupForm(request.POST or None, group=group)
    if (done := _saved(request, form, slug=slug)) is not None:
        return done
    return render(request, "groups/show.html", {"group": group, "form": form}, status=_status(form))


def _groups() -> Any:
    return ApproverGroup.objects.prefetch_related("members", "environments")


def _saved(request: SignedIn, form: GroupForm, **more: Any) -> HttpResponse | None:
    """Where to go once it is saved; nothing while there is something to correct."""
    if request.method != "POST" or not form.is_valid():
        return None
    try:
        group = save_group(actor=request.user, **{**form.cleaned_data, **more})
    except SlipwayError as error:
        form.refuse(error)
        form.status = status_of(error)
        return None
    messages.success(request, f"{group.name} is saved.")
    return redirect("web:platform-groups")


def _status(form: GroupForm) -> int:
    return (form.status or 422) if form.errors else 200
