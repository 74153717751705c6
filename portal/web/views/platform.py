"""Clusters and environments, for platform engineers to look at."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render

from portal.accounts.permissions import require
from portal.accounts.roles import Verb
from portal.environments.models import Cluster, Environment
from portal.web.access import SignedIn


def show(request: SignedIn) -> HttpResponse:
    require(request.user, Verb.CURATE)
    context = {
        "clusters": Cluster.objects.defer("kubeconfig"),
        "environments": Environment.objects.select_related("cluster")
        .prefetch_related("promotes_from", "windows")
        .defer("cluster__kubeconfig"),
    }
    return render(request, "platform/show.html", context)
