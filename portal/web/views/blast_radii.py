"""What another rule or another mode would break: the questions, and one answer."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from portal.accounts.permissions import require
from portal.accounts.roles import Verb
from portal.lifecycle.models import BlastRadius
from portal.web import live as live_parts
from portal.web.access import SignedIn
from portal.web.forms.policies import ProposalForm
from portal.web.paging import page_of
from portal.web.policy import blast_radius as blast_radius_page
from portal.web.policy.proposing import Proposing


def browse(request: SignedIn) -> HttpResponse:
    require(request.user, Verb.AUDIT)
    proposing = Proposing(request.user, ProposalForm(request.POST if request.method == "POST" else None))
    if request.method == "POST" and (radius := proposing.ask()):
        return redirect("web:policies-blast-radius-one", radius.pk)
    rows = BlastRadius.objects.visible_to(request.user).select_related("requested_by").defer("result")
    page = page_of(rows, request)
    context = {"proposing": proposing, "page": page, "questions": blast_radius_page.questions(page)}
    return render(request, "blast_radius/browse.html", context, status=proposing.status)


def show(request: SignedIn, pk: int) -> HttpResponse:
    context = blast_radius_page.context(_radius(request, pk), request.user)
    return render(request, "blast_radius/show.html", context)


def live(request: SignedIn, pk: int) -> HttpResponse:
    context = blast_radius_page.context(_radius(request, pk), request.user)
    return live_parts.respond(
        request, "blast_radius/_live.html", context, etag=context["etag"], final=context["final"]
    )


def _radius(request: SignedIn, pk: int) -> BlastRadius:
    rows = BlastRadius.objects.visible_to(request.user).select_related("requested_by")
    return get_object_or_404(rows, pk=pk)
