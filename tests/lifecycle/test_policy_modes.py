"""Choosing a policy's mode: by whom, why, and what it does at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from portal.audit.models import AuditEvent
from portal.core.errors import NotFound, NotPermitted, PolicyDenied, StateConflict, ValidationFailed
from portal.environments.models import PolicyMode
from portal.lifecycle.services import policy_modes
from portal.lifecycle.states import ChangeState
from portal.policy import PolicyInvalid
from tests.fixtures.organisation import Organisation
from tests.fixtures.policies import UsePolicies
from tests.lifecycle.helpers import WEB, ask, live_namespace
from tests.policy.scenes import DEPLOYMENTS, policy

FOREIGN = {"image": {"repository": "docker.io/library/nginx", "tag": "1.27.0"}}
WISH = {"application": "storefront", "environment": "dev", "offering": "web-service", "name": "w"}


def test_another_mode_counts_for_the_next_request(organisation: Organisation) -> None:
    live_namespace(organisation)
    dev = organisation.environment("dev")
    with pytest.raises(PolicyDenied):
        ask(organisation.alice, **WISH, values=FOREIGN)
    policy_modes.set_mode(
        "image-registries", dev, "warn", actor=organisation.pete, reason="The mirror is down."
    )
    change = ask(organisation.alice, **WISH, values=FOREIGN)
    assert change.state == ChangeState.QUEUED
    assert change.release is not None
    said = {v["outcome"] for v in change.release.verdicts if v["policy"] == "image-registries"}
    assert said == {"warn"}


def test_it_is_audited_with_before_after_and_why(organisation: Organisation) -> None:
    dev = organisation.environment("dev")
    policy_modes.set_mode("probes", dev, "enforce", actor=organisation.pete, reason="Everybody has them.")
    event = AuditEvent.objects.get(action="policy.mode_changed")
    assert event.actor == organisation.pete
    assert event.before == {"policy": "probes", "mode": "warn"}
    assert event.after == {"policy": "probes", "mode": "enforce", "by": "portal"}
    assert event.comment == "Everybody has them."


def test_the_folders_mode_can_be_returned_to(organisation: Organisation) -> None:
    dev = organisation.environment("dev")
    policy_modes.set_mode("probes", dev, "off", actor=organisation.pete, reason="x")
    assert policy_modes.set_mode("probes", dev, "folder", actor=organisation.pete, reason="y") == "warn"
    assert not PolicyMode.objects.exists()


@pytest.mark.parametrize("name", ["alice", "olga", "audrey"])
def test_only_a_platform_engineer_chooses(organisation: Organisation, name: str) -> None:
    with pytest.raises(NotPermitted):
        policy_modes.set_mode(
            "probes", organisation.environment("dev"), "off", actor=getattr(organisation, name), reason="x"
        )


def test_what_was_seen_has_to_be_what_is_in_force(organisation: Organisation) -> None:
    dev = organisation.environment("dev")
    with pytest.raises(StateConflict, match="warn"):
        policy_modes.set_mode("probes", dev, "enforce", actor=organisation.pete, reason="x", seen="audit")
    assert not PolicyMode.objects.exists()


def test_a_reason_a_known_mode_and_a_known_policy_are_needed(organisation: Organisation) -> None:
    dev = organisation.environment("dev")
    with pytest.raises(ValidationFailed):
        policy_modes.set_mode("probes", dev, "off", actor=organisation.pete, reason=" ")
    with pytest.raises(ValidationFailed):
        policy_modes.set_mode("probes", dev, "loud", actor=organisation.pete, reason="x")
    with pytest.raises(NotFound):
        policy_modes.set_mode("nope", dev, "off", actor=organisation.pete, reason="x")


# without usable policies nothing passes


def test_policies_that_cannot_be_read_deny_and_are_named(
    organisation: Organisation, use_policies: UsePolicies
) -> None:
    live_namespace(organisation)
    use_policies([policy("half-written", "object.spec.replicas >=", rule=DEPLOYMENTS)])
    with pytest.raises(PolicyInvalid, match="half-written"):
        ask(organisation.alice, **WISH, values=WEB)


def test_a_policy_folder_that_is_missing_or_empty_denies_and_is_named(
    organisation: Organisation, use_policies: UsePolicies, settings: Any, tmp_path: Path
) -> None:
    live_namespace(organisation)
    for folder in (tmp_path / "nowhere", use_policies([])):
        settings.SLIPWAY_POLICY_DIR = folder
        with pytest.raises(PolicyInvalid, match=folder.name):
            ask(organisation.alice, **WISH, values=WEB)
