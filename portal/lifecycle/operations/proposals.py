"""Other policies or other modes than those in force: what somebody thinks of making so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from portal.core.digests import digest_of
from portal.lifecycle.selectors import bundle
from portal.policy import Bundle, load_bundle
from portal.policy.documents import API_GROUP, BINDING_KIND, POLICY_KIND
from portal.policy.modes import Mode, with_modes

Proposal = Mapping[str, Any]


def bundle_with(proposal: Proposal) -> Bundle:
    """The policies as `proposal` ({modes, documents, remove}) would have them.

    Raises PolicyInvalid with every problem of the documents, ModeImpossible.
    """
    modes = {**bundle.overrides(), **_modes(proposal.get("modes") or ())}
    documents: Sequence[Mapping[str, Any]] = proposal.get("documents") or ()
    removed = set(proposal.get("remove") or ())
    if not documents and not removed:
        return bundle.bound_as(modes)
    return with_modes(load_bundle(_merged(bundle.as_in_folder(), documents, removed)), modes)


def touched(before: Bundle, after: Bundle) -> set[str]:
    """The policies whose rules, params or bindings differ."""
    if before.params != after.params:
        return {policy.name for policy in (*before.policies, *after.policies)}
    old, new = _digests(before), _digests(after)
    return {name for name in {*old, *new} if old.get(name) != new.get(name)}


def _modes(wanted: Sequence[Mapping[str, str]]) -> dict[tuple[str, str], Mode]:
    return {(each["policy"], each["environment"]): cast(Mode, each["mode"]) for each in wanted}


def _merged(
    present: Bundle, documents: Sequence[Mapping[str, Any]], removed: set[str]
) -> list[Mapping[str, Any]]:
    """What is given, and what is there and has another name; in this order, so that problems count the given
    ones as they were sent.

    A new policy without a binding is bound everywhere, enforced: the question is what it would break.
    """
    given = {_identity(document) for document in documents}
    kept = [
        document
        for document in present.installable()
        if _identity(document) not in given and not _is_of(document, removed)
    ]
    merged = [*documents, *kept]
    bound = {_spec(document).get("policyName") for document in merged if document.get("kind") == BINDING_KIND}
    names = {name_of(document) for document in documents if document.get("kind") == POLICY_KIND}
    return merged + [_enforced(name) for name in sorted(names - {""}) if name not in bound]


def _is_of(document: Mapping[str, Any], policies: set[str]) -> bool:
    if document.get("kind") == POLICY_KIND:
        return name_of(document) in policies
    return document.get("kind") == BINDING_KIND and _spec(document).get("policyName") in policies


def _enforced(name: str) -> dict[str, Any]:
    return {
        "apiVersion": f"{API_GROUP}/v1",
        "kind": BINDING_KIND,
        "metadata": {"name": f"{name}-proposed"},
        "spec": {"policyName": name, "validationActions": ["Deny"]},
    }


def name_of(document: Mapping[str, Any]) -> str:
    """A document's name; "" when it has none."""
    return str(_part(document, "metadata").get("name") or "")


def _identity(document: Mapping[str, Any]) -> tuple[str, str, str]:
    namespace = _part(document, "metadata").get("namespace") or ""
    return str(document.get("kind")), str(namespace), name_of(document)


def _spec(document: Mapping[str, Any]) -> Mapping[str, Any]:
    return _part(document, "spec")


def _part(document: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """What strangers send may have anything there."""
    part = document.get(name)
    return part if isinstance(part, Mapping) else {}


def _digests(policies: Bundle) -> dict[str, str]:
    return {
        policy.name: digest_of([policy.document, *(binding.document for binding in bindings)])
        for policy, bindings in policies.bound
    }
