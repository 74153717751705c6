"""What another rule or mode would break is known before it is made so."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from portal.core import clock
from portal.core.errors import NotPermitted, ValidationFailed
from portal.lifecycle.models import BlastRadius
from portal.lifecycle.operations import blast_radius
from portal.lifecycle.selectors import bundle
from portal.lifecycle.services import blast_radii, policy_modes
from portal.policy import PolicyInvalid
from tests.factories import ChangeFactory, ReleaseFactory
from tests.fixtures.organisation import Organisation
from tests.fixtures.policies import UsePolicies
from tests.lifecycle.test_fleet_scan import REPLICAS, live
from tests.policy.scenes import DEPLOYMENTS, binding, deployment, policy


@pytest.fixture(autouse=True)
def policies(organisation: Organisation, use_policies: UsePolicies) -> None:
    notes = {"policy.slipway.dev/remediation": "Ask for three.", "policy.slipway.dev/fix": FIX}
    rule = {**REPLICAS, "metadata": {"name": "replicas", "annotations": notes}}
    use_policies([rule, binding("replicas", "Warn")])


FIX = "[{'op': 'replace', 'path': '/spec/replicas', 'value': 3}]"


def answer(organisation: Organisation, **proposal: Any) -> BlastRadius:
    radius = blast_radii.ask(organisation.pete, proposal)
    assert blast_radius.work_out(radius.pk)
    radius.refresh_from_db()
    return radius


def enforce(environment: str = "dev") -> list[dict[str, str]]:
    return [{"policy": "replicas", "environment": environment, "mode": "enforce"}]


def test_a_stricter_mode_names_what_it_would_refuse_by_team_with_remedy_and_fix(
    organisation: Organisation,
) -> None:
    instance = live(organisation, deployment())
    live(organisation, deployment(), environment="staging")
    radius = answer(organisation, modes=enforce())
    assert radius.state == BlastRadius.State.DONE
    assert radius.result["counts"] == {"instances": 1, "changes": 0, "judged": 2}
    assert radius.result["teams"] == [{"team": "shop", "instances": 1, "changes": 0}]
    [row] = radius.result["instances"]
    assert (row["id"], row["environment"]) == (instance.pk, "dev")
    [verdict] = row["verdicts"]
    assert verdict["policy"] == "replicas"
    assert verdict["remediation"] == "Ask for three."
    assert verdict["fix"] == [{"op": "replace", "path": "/spec/replicas", "value": 3}]


def test_asking_changes_nothing(organisation: Organisation) -> None:
    before = bundle.current().digest
    answer(organisation, modes=enforce())
    assert bundle.current().digest == before


def test_changes_of_the_last_thirty_days_are_judged_too_and_older_ones_are_not(
    organisation: Organisation,
) -> None:
    instance = live(organisation, deployment())
    for days in (1, 29, 31):
        release = ReleaseFactory(instance=instance, objects_masked=[deployment()])
        asked = clock.now() - timedelta(days=days)
        ChangeFactory(instance=instance, release=release, created_at=asked, kind="update")
    radius = answer(organisation, modes=enforce())
    assert radius.result["counts"] == {"instances": 1, "changes": 2, "judged": 3}


def test_what_is_refused_already_is_not_newly_refused(organisation: Organisation) -> None:
    live(organisation, deployment())
    documents = [policy("replicas", "object.spec.replicas >= 4", rule=DEPLOYMENTS), binding("replicas")]
    assert answer(organisation, documents=documents).result["counts"]["instances"] == 1
    dev = organisation.environment("dev")
    policy_modes.set_mode("replicas", dev, "enforce", actor=organisation.pete, reason="Ready.")
    assert answer(organisation, documents=documents).result["counts"]["instances"] == 0


def test_a_new_policy_without_a_binding_is_asked_about_as_if_enforced(organisation: Organisation) -> None:
    live(organisation, deployment())
    new = policy("named", "object.metadata.name.startsWith('x-')", rule=DEPLOYMENTS)
    radius = answer(organisation, documents=[new])
    assert radius.result["policies"] == ["named"]
    assert radius.result["counts"]["instances"] == 1


def test_only_policies_that_differ_are_judged(organisation: Organisation) -> None:
    assert answer(organisation, modes=enforce()).result["policies"] == ["replicas"]


def test_wrong_questions_are_refused_with_every_reason(organisation: Organisation) -> None:
    modes = [{"policy": "nope", "environment": "mars", "mode": "loud"}]
    with pytest.raises(ValidationFailed) as refusal:
        blast_radii.ask(organisation.pete, {"modes": modes, "remove": ["nope"]})
    assert {e["path"] for e in refusal.value.errors} == {
        "/modes/0/policy",
        "/modes/0/environment",
        "/modes/0/mode",
        "/remove/0",
    }
    with pytest.raises(ValidationFailed):
        blast_radii.ask(organisation.pete, {})
    with pytest.raises(PolicyInvalid, match="Syntax error"):
        blast_radii.ask(organisation.pete, {"documents": [policy("p", "object.spec.replicas >=")]})


def test_only_who_sees_all_teams_may_ask(organisation: Organisation) -> None:
    with pytest.raises(NotPermitted):
        blast_radii.ask(organisation.alice, {"modes": enforce()})


def test_a_second_delivery_answers_nothing_again_and_a_lost_worker_is_replaced(
    organisation: Organisation,
) -> None:
    radius = blast_radii.ask(organisation.pete, {"modes": enforce()})
    assert blast_radius.due_ids() == [radius.pk]
    long_ago = clock.now() - timedelta(minutes=5)
    BlastRadius.objects.filter(pk=radius.pk).update(state=BlastRadius.State.RUNNING, touched_at=long_ago)
    assert blast_radius.due_ids() == [radius.pk]
    assert [blast_radius.work_out(radius.pk), blast_radius.work_out(radius.pk)] == [True, False]
    assert blast_radius.due_ids() == []
