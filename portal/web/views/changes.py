"""Changes: the list, and the page on which one is followed and decided."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render

from portal.lifecycle.models import ChangeRequest
from portal.web import change_page
from portal.web import live as live_parts
from portal.web.access import SignedIn
from portal.web.decision import against_live
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
    """What has not moved is not even read."""
    change = get_object_or_404(change_page.rows(request.user), pk=pk)
    not_yet = change_page.why_not_yet(change, request.user)
    etag = change_page.etag(change, request.user, change_page.tab_of(request), not_yet)
    if change.is_active and live_parts.is_known(request, etag):
        return live_parts.unmoved(etag)
    context = change_page.context(request, change)
    return live_parts.respond(
        request, "changes/_live.html", context, etag=context["etag"], final=not change.is_active
    )


def diff(request: SignedIn, pk: int) -> HttpResponse:
    """One object's difference as a whole: unfolded in the page, or as a page of its own."""
    change = get_object_or_404(change_page.rows(request.user), pk=pk)
    against = change_page.diff(change)
    part = against_live.part(against, request.GET.get("object", "")) if against else None
    if part is None:
        raise Http404("It does not change, or not any more.")
    template = "changes/_object.html" if request.htmx else "changes/object.html"
    return render(request, template, {"change": change, "part": part, "against": against})
