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
from portal.core.errors import ValidationFailed
from portal.environments.models import Environment
from portal.lifecycle import tasks
from portal.lifecycle.models import BlastRadius
from portal.lifecycle.operations import bundle, proposals
from portal.policy.modes import MODES

PARTS = ("modes", "documents", "remove")


def ask(actor: User, data: Mapping[str, Any]) -> BlastRadius:
    """Let it be worked out what a proposal would break; a worker answers.

    `data`: modes [{policy, environment, mode}], documents (policies, bindings and params that replace those
    of their name, or are new), remove (names of policies). Changes nothing. Raises NotPermitted,
    ValidationFailed, PolicyInvalid with every problem of the documents, ModeImpossible.
    """
    require(actor, Verb.AUDIT)
    proposal = {part: list(data.get(part) or ()) for part in PARTS}
    check_json(proposal)
    _check(proposal)
    proposals.bundle_with(proposal)  # raises now what a worker could only say later
    with transaction.atomic():
        radius = BlastRadius.objects.create(proposal=proposal, requested_by=actor, created_at=clock.now())
        transaction.on_commit(lambda: tasks.wake_blast_radius(radius.pk))
    return radius


def _check(proposal: Mapping[str, Any]) -> None:
    if not any(proposal.values()):
        raise ValidationFailed.at(
            "/modes", "Say what would be different: modes, documents or remove.", "required"
        )
    policies = {policy.name for policy in bundle.current().policies}
    given = {(document.get("metadata") or {}).get("name") for document in proposal["documents"]}
    environments = set(Environment.objects.values_list("slug", flat=True))
    errors = []
    for index, each in enumerate(proposal["modes"]):
        for part, known in (
            ("policy", policies | given),
            ("environment", environments),
            ("mode", set(MODES)),
        ):
            if each.get(part) not in known:
                said = f"There is no {part} {str(each.get(part))[:60]!r}."
                errors.append({"path": f"/modes/{index}/{part}", "message": said, "code": "unknown"})
    for index, name in enumerate(proposal["remove"]):
        if name not in policies:
            said = f"There is no policy {str(name)[:60]!r}."
            errors.append({"path": f"/remove/{index}", "message": said, "code": "unknown"})
    if errors:
        raise ValidationFailed(errors)
