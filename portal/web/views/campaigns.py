"""Upgrade campaigns: the list, one of them, preparing one, steering it, and answering it."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from portal.accounts.permissions import require
from portal.accounts.roles import Verb
from portal.lifecycle.models import UpgradeCampaign
from portal.lifecycle.selectors import campaigns as selector
from portal.lifecycle.services.campaigns import steering
from portal.web import live as live_parts
from portal.web.access import SignedIn
from portal.web.campaigns import page as campaign_page
from portal.web.campaigns.answering import Answering
from portal.web.campaigns.preparing import Preparing
from portal.web.forms.campaigns import SteerForm
from portal.web.paging import page_of
from services_catalog.models import Offering


def browse(request: SignedIn) -> HttpResponse:
    rows = UpgradeCampaign.objects.visible_to(request.user).for_lists()
    context = {
        "page": page_of(rows, request),
        "asked": list(selector.to_answer(request.user)[:20]),
        "may_steer": request.user.access.may(Verb.CURATE),
    }
    return render(request, "campaigns/browse.html", context)


def create(request: SignedIn) -> HttpResponse:
    require(request.user, Verb.CURATE)
    slug = request.GET.get("offering", "")
    offering = get_object_or_404(Offering.objects.visible(), slug=slug) if slug else None
    preparing = Preparing(request, offering)
    if request.method == "POST" and (campaign := preparing.prepare()):
        return redirect("web:campaigns-one", campaign.pk)
    return render(request, "campaigns/new.html", {"preparing": preparing}, status=preparing.status)


def show(request: SignedIn, pk: int) -> HttpResponse:
    campaign = campaign_page.campaign_of(request.user, pk)
    return render(request, "campaigns/show.html", campaign_page.context(request, campaign))


def live(request: SignedIn, pk: int) -> HttpResponse:
    context = campaign_page.context(request, campaign_page.campaign_of(request.user, pk))
    return live_parts.respond(
        request, "campaigns/_live.html", context, etag=context["etag"], final=context["final"]
    )


@require_POST
def start(request: SignedIn, pk: int) -> HttpResponse:
    steering.start(campaign_page.campaign_of(request.user, pk), actor=request.user)
    messages.success(request, "Started. It goes on by itself from now on.")
    return redirect("web:campaigns-one", pk)


@require_POST
def pause(request: SignedIn, pk: int) -> HttpResponse:
    return _steer(request, pk, steering.pause, "Paused. Changes under way go on; nothing new is opened.")


@require_POST
def resume(request: SignedIn, pk: int) -> HttpResponse:
    return _steer(request, pk, steering.resume, "It goes on.")


@require_POST
def stop(request: SignedIn, pk: int) -> HttpResponse:
    return _steer(request, pk, steering.stop, "Stopped for good. Changes under way go on by themselves.")


def item(request: SignedIn, pk: int, item: int) -> HttpResponse:
    """One instance of a campaign; a maintainer of its team answers here."""
    found = campaign_page.item_of(request.user, campaign_page.campaign_of(request.user, pk), item)
    answering = Answering(request, found)
    if request.method == "POST" and answering.answer():
        return redirect("web:campaigns-one", pk)
    context = {**campaign_page.item_context(request, found), "form": answering.form}
    return render(request, "campaigns/item.html", context, status=answering.status)


@require_POST
def retry(request: SignedIn, pk: int, item: int) -> HttpResponse:
    found = campaign_page.item_of(request.user, campaign_page.campaign_of(request.user, pk), item)
    steering.retry(found, actor=request.user)
    messages.success(request, "It is tried again when its turn comes.")
    return redirect("web:campaigns-item", pk, item)


def _steer(request: SignedIn, pk: int, act: Callable[..., None], said: str) -> HttpResponse:
    form = SteerForm(request.POST)
    comment = form.cleaned_data["comment"] if form.is_valid() else ""
    act(campaign_page.campaign_of(request.user, pk), actor=request.user, comment=comment)
    messages.success(request, said)
    return redirect("web:campaigns-one", pk)
