"""Asking what another rule or another mode would break."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from portal.accounts.models import User
from portal.accounts.permissions import require
from portal.accounts.roles import Verb
from portal.core import clock
from portal.core.documents import check_json
from portal.environments.models import Environment
from portal.lifecycle import tasks
from portal.lifecycle.models import BlastRadius
from portal.lifecycle.operations import proposals
from portal.lifecycle.selectors import bundle
from portal.lifecycle.services import manifests
from portal.lifecycle.services.naming import Errors
from portal.policy.modes import MODES


def ask(actor: User, data: Mapping[str, Any]) -> BlastRadius:
    """Let it be worked out what a proposal would break; a worker answers.

    `data`: modes [{policy, environment, mode}]; documents, or text (YAML): policies, bindings and params that
    replace those of their name, or are new; remove (names of policies). Changes nothing. Raises NotPermitted,
    ValidationFailed, PolicyInvalid with every problem of the documents, counted as they were sent, and
    ModeImpossible.
    """
    require(actor, Verb.AUDIT)
    errors = Errors()
    proposal = {
        "modes": list(data.get("modes") or ()),
        "documents": manifests.given(data, errors),
        "remove": list(data.get("remove") or ()),
    }
    check_json(proposal)
    _check(proposal, errors, manifests.place(data))
    errors.raise_any()
    proposals.bundle_with(proposal)  # says now what a worker could only say later
    with transaction.atomic():
        radius = BlastRadius.objects.create(proposal=proposal, requested_by=actor, created_at=clock.now())
        transaction.on_commit(lambda: tasks.wake_blast_radius(radius.pk))
    return radius


def _check(proposal: Mapping[str, Any], errors: Errors, where: str) -> None:
    if not any(proposal.values()) and not errors.found:
        errors.add("/modes", "Say what would be different: modes, documents or remove.", "required")
    documents = proposal["documents"]
    if not all(isinstance(document, Mapping) for document in documents):
        errors.add(where, "Each document must be a mapping: a policy, a binding or a param.")
    policies = {policy.name for policy in bundle.current().policies}
    given = {proposals.name_of(document) for document in documents if isinstance(document, Mapping)}
    environments = set(Environment.objects.values_list("slug", flat=True))
    for index, each in enumerate(proposal["modes"]):
        for part, known in (
            ("policy", policies | given),
            ("environment", environments),
            ("mode", set(MODES)),
        ):
            if each.get(part) not in known:
                said = f"There is no {part} {str(each.get(part))[:60]!r}."
                errors.add(f"/modes/{index}/{part}", said, "unknown")
    for index, name in enumerate(proposal["remove"]):
        if name not in policies:
            errors.add(f"/remove/{index}", f"There is no policy {str(name)[:60]!r}.", "unknown")
