"""What a rendered chart would create, as far as it concerns whoever lets people request it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from portal.clusters.manifests import CONTAINERS, HOOK
from portal.core.objects import key_of
from portal.policy.expansion import pod_template_of
from portal.policy.resources import Resources
from services_catalog.team_kinds import ALLOWED_KINDS

Document = Mapping[str, Any]
RBAC_GROUP = "rbac.authorization.k8s.io"
WEBHOOKS = frozenset({"ValidatingWebhookConfiguration", "MutatingWebhookConfiguration"})
# verbs that let somebody have more than was given, and resources that are as good as a password
FAR_VERBS = frozenset({"*", "escalate", "bind", "impersonate"})
FAR_RESOURCES = frozenset(
    {"*", "secrets", "pods/exec", "pods/attach", "nodes/proxy", "serviceaccounts/token"}
)
HOST_FIELDS = ("hostNetwork", "hostPID", "hostIPC")
MOST = 200


def contents(documents: Sequence[Document], namespace: str) -> dict[str, Any]:
    """Plain data; `namespace` is the one that it was rendered for. Each list has at most 200 entries."""
    resources = Resources([each for each in documents if each.get("kind")])
    return {
        "kinds": kinds(documents, resources),
        "cluster_scoped": _shown(each for each in documents if not _namespaced(each, resources)),
        "other_namespaces": _shown(
            each
            for each in documents
            if _namespaced(each, resources) and key_of(each).namespace not in ("", namespace)
        ),
        "hooks": _hooks(documents),
        "crds": _shown(each for each in documents if each.get("kind") == "CustomResourceDefinition"),
        "webhooks": _shown(each for each in documents if each.get("kind") in WEBHOOKS),
        "access": list(_far_access(documents))[:MOST],
        "privileged": list(_privileged(documents))[:MOST],
    }


def kinds(documents: Iterable[Document], resources: Resources) -> list[dict[str, Any]]:
    """How many of each kind; `team` says whether a team's release may hold it."""
    counts: dict[tuple[str, str], int] = {}
    for each in documents:
        key = key_of(each)
        counts[key.api_version, key.kind] = counts.get((key.api_version, key.kind), 0) + 1
    return [
        {
            "api_version": api_version,
            "kind": kind,
            "count": count,
            "namespaced": resources.of(api_version, kind).namespaced,
            "team": (api_version, kind) in ALLOWED_KINDS,
        }
        for (api_version, kind), count in sorted(counts.items())
    ]


def beyond_a_team(documents: Iterable[Document], namespace: str) -> list[str]:
    """The objects that only an offering marked `cluster_scoped` may hold."""
    found = []
    for each in documents:
        key = key_of(each)
        if (key.api_version, key.kind) not in ALLOWED_KINDS:
            found.append(f"{key} ({key.api_version})")
        elif key.namespace not in ("", namespace):
            found.append(f"{key} (in namespace {key.namespace})")
    return list(dict.fromkeys(found))[:MOST]


def _shown(documents: Iterable[Document]) -> list[str]:
    return list(dict.fromkeys(_named(each) for each in documents))[:MOST]


def _named(document: Document) -> str:
    key = key_of(document)
    return f"{key} ({key.namespace})" if key.namespace else str(key)


def _namespaced(document: Document, resources: Resources) -> bool:
    return resources.of(str(document.get("apiVersion") or ""), str(document.get("kind") or "")).namespaced


def _hooks(documents: Iterable[Document]) -> list[dict[str, str]]:
    found = []
    for each in documents:
        metadata = each.get("metadata")
        annotations = metadata.get("annotations") if isinstance(metadata, Mapping) else None
        events = annotations.get(HOOK) if isinstance(annotations, Mapping) else None
        if events:
            found.append({"object": _named(each), "events": str(events)})
    return found[:MOST]


def _far_access(documents: Iterable[Document]) -> Iterator[dict[str, str]]:
    for each in documents:
        if not str(each.get("apiVersion") or "").startswith(f"{RBAC_GROUP}/"):
            continue
        role = each.get("roleRef")
        if isinstance(role, Mapping) and role.get("name") in ("cluster-admin", "admin", "edit"):
            yield {"object": _named(each), "why": f"binds {role.get('kind')} {role.get('name')}"}
        rules = each.get("rules")
        for rule in rules if isinstance(rules, list) else ():
            why = _far_rule(rule) if isinstance(rule, Mapping) else ""
            if why:
                yield {"object": _named(each), "why": why}


def _far_rule(rule: Mapping[str, Any]) -> str:
    verbs = {str(verb) for verb in rule.get("verbs") or ()}
    resources = {str(resource) for resource in rule.get("resources") or ()}
    far_verbs, far_resources = sorted(verbs & FAR_VERBS), sorted(resources & FAR_RESOURCES)
    if not far_verbs and not far_resources:
        return ""
    on = ", ".join(sorted(resources)[:6]) or "addresses"
    return f"may {', '.join(sorted(verbs)[:8])} on {on}"


def _privileged(documents: Iterable[Document]) -> Iterator[dict[str, str]]:
    for each in documents:
        for spec in _pod_specs(each):
            yield from ({"object": _named(each), "why": why} for why in _reaches(spec))


def _pod_specs(document: Document) -> Iterator[Mapping[str, Any]]:
    found = pod_template_of(document)
    spec = found[1].get("spec") if found else document.get("spec") if document.get("kind") == "Pod" else None
    if isinstance(spec, Mapping):
        yield spec


def _reaches(spec: Mapping[str, Any]) -> Iterator[str]:
    """Why a Pod reaches the machine that it runs on."""
    yield from (f"{name}: true" for name in HOST_FIELDS if spec.get(name) is True)
    for volume in _list(spec, "volumes"):
        path = volume.get("hostPath")
        if isinstance(path, Mapping):
            yield f"mounts {path.get('path')} of the machine"
    for field in CONTAINERS:
        for container in _list(spec, field):
            context = container.get("securityContext")
            for why in _rights(context if isinstance(context, Mapping) else {}):
                yield f"container {container.get('name')}: {why}"


def _rights(context: Mapping[str, Any]) -> Iterator[str]:
    if context.get("privileged") is True:
        yield "privileged"
    if context.get("runAsUser") == 0:
        yield "runs as root"
    capabilities = context.get("capabilities")
    added = capabilities.get("add") if isinstance(capabilities, Mapping) else None
    if isinstance(added, list) and added:
        yield f"adds capabilities {', '.join(str(each) for each in added[:8])}"


def _list(holder: Mapping[str, Any], field: str) -> list[Mapping[str, Any]]:
    value = holder.get(field)
    return [each for each in value if isinstance(each, Mapping)] if isinstance(value, list) else []
