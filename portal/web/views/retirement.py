"""Retiring in two steps: announce, read what it means, confirm with the name."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from portal.accounts.permissions import require
from portal.accounts.roles import Verb
from portal.core.errors import SlipwayError
from portal.lifecycle.models import ServiceInstance
from portal.lifecycle.services import changes, retirements, wishes
from portal.web.access import SignedIn
from portal.web.forms.retirement import RetireForm
from portal.web.instance_page import rows
from portal.web.middleware import status_of


def show(request: SignedIn, pk: int) -> HttpResponse:
    instance = _instance(request, pk)
    form = RetireForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        data = {"kind": "retire", "instance": pk, **form.cleaned_data}
        try:
            opened = changes.open_change(wishes.resolve(request.user, data))
        except SlipwayError as error:
            form.refuse(error)
            return _page(request, instance, form, status_of(error))
        return redirect("web:changes-one", opened.change.pk)
    return _page(request, instance, form, 422 if form.errors else 200)


@require_POST
def announce(request: SignedIn, pk: int) -> HttpResponse:
    instance = retirements.announce(_instance(request, pk), actor=request.user)
    messages.info(
        request, f"The retirement of {instance} is announced. Nothing has changed yet.", extra_tags="waiting"
    )
    return redirect("web:instances-retire", pk)


@require_POST
def withdraw(request: SignedIn, pk: int) -> HttpResponse:
    instance = retirements.withdraw(_instance(request, pk), actor=request.user)
    messages.success(request, f"{instance} stays.")
    return redirect("web:instances-one", pk)


def _instance(request: SignedIn, pk: int) -> ServiceInstance:
    instance = get_object_or_404(rows(request.user), pk=pk)
    require(request.user, Verb.REQUEST, instance.team_id)
    return instance


def _page(request: SignedIn, instance: ServiceInstance, form: RetireForm, status: int) -> HttpResponse:
    context = {"instance": instance, "form": form, "consequences": retirements.consequences(instance)}
    return render(request, "instances/retire.html", context, status=status)
