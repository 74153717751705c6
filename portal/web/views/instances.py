"""Instances: the list, and the page of one."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render

from portal.lifecycle.models import ServiceInstance
from portal.lifecycle.operations import diffing
from portal.web import instance_page
from portal.web import live as live_parts
from portal.web.access import SignedIn
from portal.web.forms.filters import InstanceFilter
from portal.web.paging import bounded_page_of


def browse(request: SignedIn) -> HttpResponse:
    rows = ServiceInstance.objects.visible_to(request.user).alive().for_lists()
    found = InstanceFilter(request.GET, queryset=rows, request=request)
    context = {"filter": found, "page": bounded_page_of(found.qs, request)}
    return render(request, "instances/browse.html", context)


def show(request: SignedIn, pk: int) -> HttpResponse:
    instance = get_object_or_404(instance_page.rows(request.user), pk=pk)
    return render(request, "instances/show.html", instance_page.context(request, instance))


def live(request: SignedIn, pk: int) -> HttpResponse:
    instance = get_object_or_404(instance_page.rows(request.user), pk=pk)
    context = instance_page.context(request, instance)
    return live_parts.respond(
        request, "instances/_live.html", context, etag=context["etag"], final=instance.retired_at is not None
    )


def compare(request: SignedIn, pk: int) -> HttpResponse:
    """One release against another, by object."""
    instance = get_object_or_404(instance_page.rows(request.user), pk=pk)
    releases = instance.releases.select_related("offering_version", "plan")
    old = get_object_or_404(releases, number=_number(request, "old"))
    new = get_object_or_404(releases, number=_number(request, "new"))
    context = {
        "instance": instance,
        "old": old,
        "new": new,
        "diff": diffing.compare(old.objects_masked, new.objects_masked),
    }
    return render(request, "instances/compare.html", context)


def _number(request: SignedIn, name: str) -> int:
    """A release's number from the address; 0, which no release has, for anything else."""
    text = request.GET.get(name, "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0
