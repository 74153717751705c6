"""What runs of an instance: objects, one object, pods, the log of one, events."""

from __future__ import annotations

from django.http import HttpResponse

from portal.web.access import SignedIn
from portal.web.running import parts


def objects(request: SignedIn, pk: int) -> HttpResponse:
    return parts.respond(request, pk, "objects", parts.objects)


def one(request: SignedIn, pk: int) -> HttpResponse:
    return parts.respond(request, pk, "object", parts.one_object)


def pods(request: SignedIn, pk: int) -> HttpResponse:
    return parts.respond(request, pk, "pods", parts.list_of_pods)


def log(request: SignedIn, pk: int) -> HttpResponse:
    return parts.respond(request, pk, "log", parts.log)


def events(request: SignedIn, pk: int) -> HttpResponse:
    return parts.respond(request, pk, "events", parts.events)
