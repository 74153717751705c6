"""Day two: update, upgrade, promote, roll back. Each opens a change like any other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from portal.accounts.permissions import require
from portal.accounts.roles import Verb
from portal.core.errors import StateConflict
from portal.environments.models import Environment
from portal.lifecycle.models import ServiceInstance
from portal.web import asking, reasking, typed, values_file
from portal.web.access import SignedIn
from portal.web.asking import Asking
from portal.web.confirming import Confirming
from portal.web.instance_page import rows
from portal.web.middleware import status_of
from portal.web.promoting import Promoting
from portal.web.sheet import Sheet, pick_plan, pick_version
from services_catalog import selectors, values
from services_catalog.models import OfferingVersion


def update(request: SignedIn, pk: int) -> HttpResponse:
    return _form(request, _instance(request, pk), "update")


def upgrade(request: SignedIn, pk: int) -> HttpResponse:
    return _form(request, _instance(request, pk), "upgrade")


@require_POST
def preview(request: SignedIn, pk: int) -> HttpResponse:
    instance = _instance(request, pk)
    kind = "upgrade" if request.POST.get("kind") == "upgrade" else "update"
    versions = _versions(instance, kind)
    form = _asking(request, instance, kind, versions)
    form.look(request.POST)
    return render(request, "requests/_answer.html", _context(instance, form, versions))


def promote(request: SignedIn, pk: int, environment: str) -> HttpResponse:
    instance = _instance(request, pk)
    target = get_object_or_404(Environment, slug=environment)
    about = {"kind": "promote", "instance": pk, "environment": environment}
    promoting = Promoting(request.user, about, request.POST.get("reason", ""), _key(request))
    promoting.read(request.POST)
    shown = {"verb": "Promote", "target": target, "source": instance.current_release, "promoting": promoting}
    return _confirm(request, instance, promoting, shown)


def rollback(request: SignedIn, pk: int, release: int) -> HttpResponse:
    instance = _instance(request, pk)
    source = get_object_or_404(instance.releases.select_related("offering_version", "plan"), pk=release)
    about = {"kind": "rollback", "instance": pk, "release": release}
    confirming = Confirming(request.user, about, request.POST.get("reason", ""), _key(request))
    shown = {"verb": "Roll back", "target": instance.environment, "source": source}
    return _confirm(request, instance, confirming, shown)


def _key(request: SignedIn) -> str:
    return request.POST.get("key") or asking.new_key()


def _instance(request: SignedIn, pk: int) -> ServiceInstance:
    instance = get_object_or_404(rows(request.user), pk=pk)
    require(request.user, Verb.REQUEST, instance.team_id)
    return instance


def _confirm(
    request: SignedIn, instance: ServiceInstance, confirming: Confirming, shown: Mapping[str, Any]
) -> HttpResponse:
    asked = request.method == "POST" and "look" not in request.POST
    if asked and (change := confirming.ask()):
        return redirect("web:changes-one", change.pk)
    confirming.look()
    status = status_of(confirming.refusal) if asked and confirming.refusal else 200
    context = {"confirming": confirming, "instance": instance, **shown}
    return render(request, "requests/confirm.html", context, status=status)


def _form(request: SignedIn, instance: ServiceInstance, kind: str) -> HttpResponse:
    versions = _versions(instance, kind)
    form = _asking(request, instance, kind, versions)
    if request.method == "POST":
        if "ask" in request.POST and (change := form.ask()):
            return redirect("web:changes-one", change.pk)
        if "ask" not in request.POST:
            form.look(request.POST)
        if "download" in request.POST and form.draft:
            return values_file.response(form.draft)
    return render(request, "requests/ask.html", _context(instance, form, versions), status=form.status)


def _versions(instance: ServiceInstance, kind: str) -> list[OfferingVersion]:
    """What the form may be about: the running version, or the newer ones. Raises StateConflict."""
    if instance.current_release is None:
        raise StateConflict(
            f"{instance} has never run, so there is nothing to change. Follow its change first."
        )
    running = instance.current_release.offering_version
    numbers = [running.pk] if kind == "update" else [each.pk for each in selectors.upgrades_of(running)]
    rows = OfferingVersion.objects.filter(pk__in=numbers).select_related("offering").prefetch_related("plans")
    found = sorted(rows, key=lambda version: version.precedence, reverse=True)
    if not found:
        raise StateConflict(f"{instance} runs {running.version}, the newest version there is.")
    return found


def _asking(
    request: SignedIn, instance: ServiceInstance, kind: str, versions: list[OfferingVersion]
) -> Asking:
    release = instance.current_release
    saved = release.inputs if release else {}
    about = {"kind": kind, "instance": instance.pk}
    if request.method == "POST":
        sheet = typed.read(request.POST, versions, saved)
        return asking.posted(request.user, sheet, about, request.POST)
    if (earlier := reasking.earlier(request.user, request.GET)) and earlier.instance_id == instance.pk:
        asked = reasking.sheet(earlier, versions, saved)
        return Asking(request.user, asked, about, earlier.reason, asking.new_key())
    version = pick_version(versions, request.GET.get("version"))
    plan = pick_plan(version, release.plan.slug if release and release.plan else None)
    shown = values.masked(version.values_schema, saved)
    sheet = Sheet(version, plan, values=shown, saved=saved)
    return Asking(request.user, sheet, about, key=asking.new_key())


def _context(instance: ServiceInstance, form: Asking, versions: list[OfferingVersion]) -> dict[str, Any]:
    return {
        "asking": form,
        "sheet": form.sheet,
        "offering": instance.offering,
        "versions": versions,
        "instance": instance,
        "environment": instance.environment,
        "namespace": instance.application.namespace_in(instance.environment),
    }
