"""The parts of an instance's page that ask its cluster. A cluster that is silent is said, not guessed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render

from portal.accounts.roles import Verb
from portal.clusters.errors import ClusterError
from portal.clusters.types import LogLine
from portal.core.errors import NotFound
from portal.lifecycle.models import ServiceInstance
from portal.lifecycle.operations import live_document, object_events, pods
from portal.lifecycle.operations.topology import looking
from portal.lifecycle.services import pod_logs
from portal.web import commands, instance_page, live
from portal.web.access import SignedIn
from portal.web.commands import Command
from portal.web.forms.pod_log import PodLogForm
from portal.web.running import tree

Context = dict[str, Any]
Reading = Callable[[SignedIn, ServiceInstance], Context]
TITLES = {
    "objects": "Objects",
    "pods": "Pods",
    "events": "Events",
    "log": "Log",
    "object": "Object",
}


def respond(request: SignedIn, pk: int, part: str, read: Reading) -> HttpResponse:
    """The part alone for htmx; a page of its own for everybody else, and for what has no other place."""
    instance = get_object_or_404(instance_page.rows(request.user, whole=True), pk=pk)
    context = {"instance": instance, "part": part, "title": TITLES[part], **read(request, instance)}
    context["template"] = f"instances/parts/_{part}.html"
    context["etag"] = live.fingerprint(request.user.pk, part, context.pop("facts", None))
    if request.htmx:
        final = bool(context.get("final"))
        return live.respond(request, context["template"], context, etag=context["etag"], final=final)
    context["commands"] = _commands(request, instance, context)
    return render(request, "instances/part.html", context)


def _commands(request: SignedIn, instance: ServiceInstance, context: Context) -> list[Command]:
    """How to do the same from a terminal."""
    api, part = request.build_absolute_uri("/api/v1/"), context["part"]
    if part == "log":
        asked = context["asked"]
        container = context["log"].container.name if "log" in context else asked["container"]
        return commands.of_log(instance, asked["pod"], container, api, previous=asked["previous"])
    return commands.of_tab(instance, part, api) if part in commands.PATHS else []


def objects(request: SignedIn, instance: ServiceInstance) -> Context:
    look = looking.look(instance)
    silent = (look.unreachable.message, look.topology.seen_at) if look.unreachable else None
    facts = (look.topology.nodes, look.topology.edges, look.topology.unread, silent)
    return {
        "groups": tree.groups(look.topology),
        "topology": look.topology,
        "unreachable": look.unreachable,
        "facts": facts,
    }


def list_of_pods(request: SignedIn, instance: ServiceInstance) -> Context:
    may_read_logs = request.user.access.may(Verb.READ_LOGS, instance.team_id)
    try:
        found = pods.read(instance)
    except ClusterError as error:
        remembered = looking.recall(instance)
        known = [node for node in remembered.nodes if node.key.kind == "Pod"] if remembered else []
        return {
            "unreachable": error,
            "known": known,
            "seen_at": remembered.seen_at if remembered else None,
            "facts": (error.message, known),
        }
    return {"pods": found, "may_read_logs": may_read_logs, "facts": (found, may_read_logs)}


def events(request: SignedIn, instance: ServiceInstance) -> Context:
    try:
        found = object_events.read(instance)
    except ClusterError as error:
        return {"unreachable": error, "facts": error.message}
    return {"events": found, "facts": found}


def log(request: SignedIn, instance: ServiceInstance) -> Context:
    """Refused to those who may not read it, whatever the cluster would say."""
    form = PodLogForm(request.GET)
    if not form.is_valid():
        raise NotFound("Choose a pod from the list of pods.")
    asked = form.cleaned_data
    try:
        found = pod_logs.read(instance, actor=request.user, **asked)
    except ClusterError as error:
        return {"unreachable": error, "asked": asked, "facts": error.message}
    return {
        "log": found,
        "asked": asked,
        "lines": list(keyed(found.lines)),
        "choices": form.line_choices,
        "final": found.is_final,
        "facts": (found.lines, found.detail, found.is_cut),
    }


def one_object(request: SignedIn, instance: ServiceInstance) -> Context:
    """Of what belongs to the instance only."""
    kind, name = request.GET.get("kind", ""), request.GET.get("name", "")
    look = looking.look(instance)
    node = look.topology.node(kind, name)
    if node is None:
        raise NotFound(f"{instance} has no {kind[:63] or 'object'} {name[:80]}. Open its objects again.")
    return {
        "node": node,
        "unreachable": look.unreachable,
        "branch": tree.Branch(node, (), (), ()),
        **live_document.read(instance, node.key),
        "facts": node,
    }


def keyed(lines: Iterable[LogLine]) -> Iterable[tuple[str, LogLine]]:
    """Each line with a name that stays when others come and go."""
    seen: dict[str, int] = {}
    for line in lines:
        stamp = line.time.isoformat() if line.time else "0"
        seen[stamp] = seen.get(stamp, 0) + 1
        yield f"{stamp}-{seen[stamp]}", line
