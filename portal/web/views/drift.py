"""Drift: the fleet, and what people do about one instance's."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from portal.accounts.permissions import require
from portal.accounts.roles import Verb
from portal.lifecycle.models import ServiceInstance
from portal.lifecycle.services.drift import scans, tolerances
from portal.web import asking
from portal.web.access import SignedIn
from portal.web.drift import fleet, tolerating
from portal.web.drift.remedying import Adopting, Reverting, ids
from portal.web.instance_page import rows
from portal.web.middleware import status_of


def browse(request: SignedIn) -> HttpResponse:
    return render(request, "drift/browse.html", fleet.context(request))


def show(request: SignedIn, pk: int) -> HttpResponse:
    """The address that notices lead to."""
    return redirect(_tab(get_object_or_404(rows(request.user), pk=pk)))


@require_POST
def scan(request: SignedIn, pk: int) -> HttpResponse:
    instance = get_object_or_404(rows(request.user), pk=pk)
    if not scans.ask(instance, actor=request.user).is_asked:
        messages.info(request, "It was looked at a moment ago: this is what was found.", extra_tags="quiet")
    return redirect(_tab(instance))


def revert(request: SignedIn, pk: int) -> HttpResponse:
    instance = _of_team(request, pk)
    about = {"kind": "remediate", "instance": pk, "remedy": "revert"}
    reverting = Reverting(request.user, about, request.POST.get("reason", ""), _key(request))
    if request.method == "POST" and (change := reverting.ask()):
        return redirect("web:changes-one", change.pk)
    reverting.look()
    status = status_of(reverting.refusal) if request.method == "POST" and reverting.refusal else 200
    context = {"instance": instance, "remedying": reverting, "verb": "Revert"}
    return render(request, "drift/revert.html", context, status=status)


def adopt(request: SignedIn, pk: int) -> HttpResponse:
    instance, sent = _of_team(request, pk), request.POST or request.GET
    about = {"kind": "remediate", "instance": pk, "remedy": "adopt"}
    adopting = Adopting(request.user, about, sent.get("reason", ""), _key(request))
    adopting.items, adopting.with_more = ids(sent.getlist("items")), "with_more" in sent
    if request.method == "POST" and (change := adopting.ask()):
        return redirect("web:changes-one", change.pk)
    looks = request.method == "POST" or "look" in request.GET
    if looks:
        adopting.look()
    status = status_of(adopting.refusal) if request.method == "POST" and adopting.refusal else 200
    template = "drift/_adoption.html" if request.htmx and looks else "drift/adopt.html"
    return render(
        request, template, {"instance": instance, "remedying": adopting, "looks": looks}, status=status
    )


def tolerate(request: SignedIn, pk: int, item: int) -> HttpResponse:
    instance = get_object_or_404(rows(request.user), pk=pk)
    tolerances.check_may(instance, request.user)
    form = tolerating.of_request(request, instance, item)
    if request.method == "POST" and form.say():
        messages.success(request, "Tolerated. It counts again after that day, and the team is told.")
        return redirect(_tab(instance))
    return render(request, "drift/tolerate.html", {"instance": instance, "t": form}, status=form.status)


@require_POST
def end_tolerance(request: SignedIn, pk: int, tolerance: int) -> HttpResponse:
    instance = get_object_or_404(rows(request.user), pk=pk)
    found = instance.drift_tolerances.select_related("instance__application", "instance__environment")
    tolerances.withdraw(get_object_or_404(found, pk=tolerance), actor=request.user)
    return redirect(_tab(instance))


def _of_team(request: SignedIn, pk: int) -> ServiceInstance:
    instance = get_object_or_404(rows(request.user), pk=pk)
    require(request.user, Verb.REQUEST, instance.team_id)
    return instance


def _key(request: SignedIn) -> str:
    return request.POST.get("key") or asking.new_key()


def _tab(instance: ServiceInstance) -> str:
    return f"{reverse('web:instances-one', args=[instance.pk])}?tab=drift"
