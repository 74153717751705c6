"""The documentation inside the portal."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_cache_control

from portal.web.access import SignedIn
from portal.web.documents import library, rendering, searching
from portal.web.finding import words_of


def browse(request: SignedIn) -> HttpResponse:
    words = words_of(request.GET.get("q", ""))
    context = {"words": words, "found": searching.search(words), "parts": library.parts()}
    return render(request, "docs/browse.html", context)


def show(request: SignedIn, name: str) -> HttpResponse:
    document = library.named(name)
    before, after = library.beside(document)
    context = {
        "document": document,
        "html": rendering.render(document.name),
        "before": before,
        "after": after,
        "parts": library.parts(),
    }
    return render(request, "docs/show.html", context)


def picture(request: SignedIn, name: str) -> HttpResponse:
    response = HttpResponse(library.picture(f"{name}.png").path.read_bytes(), content_type="image/png")
    patch_cache_control(response, private=True, max_age=3600)
    return response
