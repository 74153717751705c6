"""The policies in one cluster: compare, install, remove. Only for platform engineers."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from portal.accounts.permissions import require
from portal.accounts.roles import Verb
from portal.environments.models import Cluster
from portal.lifecycle.operations.installation import counts
from portal.web.access import SignedIn
from portal.web.cluster_page import ClusterPolicies
from portal.web.forms.cluster import RemovePoliciesForm
from portal.web.middleware import status_of


def show(request: SignedIn, slug: str) -> HttpResponse:
    look = _look(request, slug)
    if "compare" in request.GET:
        look.compare()
    return _page(request, look)


@require_POST
def install(request: SignedIn, slug: str) -> HttpResponse:
    look = _look(request, slug)
    if not look.install():
        return _page(request, look)
    done = counts(look.steps or ())
    messages.success(
        request,
        f"Installed: {done['create']} created, {done['change']} changed, {done['remove']} removed, "
        f"{done['same']} as they were.",
    )
    return redirect("web:platform-policies", slug)


@require_POST
def remove(request: SignedIn, slug: str) -> HttpResponse:
    look = _look(request, slug)
    look.form = RemovePoliciesForm(request.POST, slug=slug)
    if not look.form.is_valid():
        return _page(request, look, 422)
    if not look.remove():
        return _page(request, look)
    messages.success(request, f"Removed: {len(look.steps or ())} objects.", extra_tags="quiet")
    return redirect("web:platform-policies", slug)


def _look(request: SignedIn, slug: str) -> ClusterPolicies:
    require(request.user, Verb.CURATE)
    return ClusterPolicies(request.user, get_object_or_404(Cluster, slug=slug))


def _page(request: SignedIn, look: ClusterPolicies, status: int = 200) -> HttpResponse:
    if look.failure is not None and request.method == "POST":
        status = status_of(look.failure)
    return render(request, "platform/policies.html", look.context(), status=status)
