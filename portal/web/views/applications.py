"""Applications, with their environments side by side."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from portal.core.errors import SlipwayError
from portal.lifecycle.models import Application
from portal.lifecycle.selectors import costs
from portal.lifecycle.services import applications
from portal.web import lanes
from portal.web import live as live_parts
from portal.web.access import SignedIn
from portal.web.forms.application import ApplicationForm, managed_teams
from portal.web.forms.application_filter import ApplicationFilter
from portal.web.middleware import status_of
from portal.web.paging import page_of


def browse(request: SignedIn) -> HttpResponse:
    rows = Application.objects.visible_to(request.user).select_related("team")
    found = ApplicationFilter(request.GET, queryset=rows, request=request)
    page = page_of(found.qs, request)
    context = {
        "filter": found,
        "page": page,
        "stages": lanes.stages(),
        "health": lanes.health_by_application(page.object_list),
        "costs": costs.by_application(each.pk for each in page.object_list),
        "may_create": managed_teams(request.user).exists(),
    }
    return render(request, "applications/browse.html", context)


def show(request: SignedIn, slug: str) -> HttpResponse:
    return render(request, "applications/show.html", lanes.context(request.user, one(request, slug)))


def live(request: SignedIn, slug: str) -> HttpResponse:
    context = lanes.context(request.user, one(request, slug))
    return live_parts.respond(request, "applications/_live.html", context, etag=context["etag"], final=False)


def one(request: SignedIn, slug: str) -> Application:
    rows = Application.objects.visible_to(request.user).select_related("team")
    return get_object_or_404(rows, slug=slug)


def create(request: SignedIn) -> HttpResponse:
    form = ApplicationForm(request.POST or None, user=request.user)
    if request.method == "POST" and form.is_valid():
        try:
            application = applications.create(actor=request.user, **form.cleaned_data)
        except SlipwayError as error:
            form.refuse(error)
            return render(request, "applications/new.html", {"form": form}, status=status_of(error))
        return redirect("web:applications-one", application.slug)
    return render(request, "applications/new.html", {"form": form}, status=422 if form.errors else 200)
