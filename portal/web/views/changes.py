"""Changes: the list, and the page on which one is followed and decided."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render

from portal.lifecycle.models import ChangeRequest
from portal.web import change_page
from portal.web import live as live_parts
from portal.web.access import SignedIn
from portal.web.forms.filters import ChangeFilter
from portal.web.paging import page_of


def browse(request: SignedIn) -> HttpResponse:
    rows = ChangeRequest.objects.visible_to(request.user).for_lists()
    found = ChangeFilter(request.GET, queryset=rows, request=request)
    return render(request, "changes/browse.html", {"filter": found, "page": page_of(found.qs, request)})


def show(request: SignedIn, pk: int) -> HttpResponse:
    change = get_object_or_404(change_page.rows(request.user), pk=pk)
    return render(request, "changes/show.html", change_page.context(request, change))


def live(request: SignedIn, pk: int) -> HttpResponse:
    change = get_object_or_404(change_page.rows(request.user), pk=pk)
    context = change_page.context(request, change)
    return live_parts.respond(
        request, "changes/_live.html", context, etag=context["etag"], final=not change.is_active
    )
