"""One field for everything that has a name."""

from __future__ import annotations

from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import redirect, render

from portal.lifecycle.models import Application, ChangeRequest, ServiceInstance
from portal.web.access import SignedIn
from services_catalog import selectors

ROWS = 8


def show(request: SignedIn) -> HttpResponse:
    words, user = request.GET.get("q", "").strip()[:80], request.user
    number = words.removeprefix("#")
    if (
        number.isdecimal()
        and len(number) < 18
        and ChangeRequest.objects.visible_to(user).filter(pk=number).exists()
    ):
        return redirect("web:changes-one", number)
    instances = ServiceInstance.objects.visible_to(user).alive().for_lists()
    changes = ChangeRequest.objects.visible_to(user).for_lists()
    applications = Application.objects.visible_to(user).select_related("team")
    context = {
        "words": words,
        "instances": instances.filter(name__icontains=words)[:ROWS] if words else [],
        "applications": applications.filter(Q(slug__icontains=words) | Q(name__icontains=words))[:ROWS]
        if words
        else [],
        "offerings": selectors.catalog(search=words)[:ROWS] if words else [],
        "changes": changes.filter(name__icontains=words)[:ROWS] if words else [],
    }
    return render(request, "search/show.html", context)
