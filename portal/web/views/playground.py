"""The playground. Nothing that is pasted there is kept."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render

from portal.web.access import SignedIn
from portal.web.policy import playground

# which part of the page is asked for, by the id of what it replaces
PARTS = {"answer": "policies/_answer.html", "playground": "policies/_playground.html"}


def show(request: SignedIn) -> HttpResponse:
    if request.method != "POST":
        return render(request, "policies/playground.html", {"trial": playground.blank(request.GET)})
    trial = playground.of_post(request.POST)
    template = (
        PARTS.get(str(request.htmx.target), PARTS["answer"]) if request.htmx else "policies/playground.html"
    )
    status = 422 if trial.problem and not request.htmx else 200
    return render(request, template, {"trial": trial}, status=status)
