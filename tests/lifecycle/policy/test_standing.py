"""`manage.py policy check` beside the portal's database: chosen modes and granted exceptions count."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from portal.core import clock
from portal.lifecycle.services import policy_modes
from tests.factories import PolicyExceptionFactory
from tests.fixtures.organisation import Organisation
from tests.fixtures.policies import UsePolicies
from tests.lifecycle.policy.scenes import run, write
from tests.policy.scenes import DEPLOYMENTS, binding, deployment, policy

ENVIRONMENTS = {"matchExpressions": [{"key": "slipway.dev/environment", "operator": "Exists"}]}


@pytest.fixture
def file(tmp_path: Path, use_policies: UsePolicies) -> Path:
    rule = policy("replicas", "object.spec.replicas >= 3", rule=DEPLOYMENTS)
    bound = binding("replicas", "Deny", matchResources={"namespaceSelector": ENVIRONMENTS})
    use_policies([rule, bound])
    return write(tmp_path / "web.yaml", deployment())


def outcome(file: Path, *options: str) -> str:
    result = run("check", file, "--environment", "dev", "--output", "json", *options)
    return next(v["outcome"] for v in json.loads(result.out)["verdicts"] if v["policy"] == "replicas")


def test_a_mode_chosen_in_the_portal_counts_and_offline_it_does_not(
    organisation: Organisation, file: Path
) -> None:
    assert outcome(file) == "deny"
    dev = organisation.environment("dev")
    policy_modes.set_mode("replicas", dev, "warn", actor=organisation.pete, reason="Trying it out.")
    assert outcome(file) == "warn"
    assert outcome(file, "--offline") == "deny"


def test_an_exception_counts_until_its_end_for_whom_it_was_granted(
    organisation: Organisation, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    end = PolicyExceptionFactory(
        policy="replicas",
        application=organisation.storefront,
        environment=organisation.environment("dev"),
        instance_name="shop-web",
    ).expires_at
    there = ("--application", "storefront", "--instance", "shop-web")
    assert outcome(file) == "deny"
    assert outcome(file, "--application", "storefront") == "deny"
    monkeypatch.setattr(clock, "now", lambda: end - timedelta(seconds=1))
    assert outcome(file, *there) == "waived"
    monkeypatch.setattr(clock, "now", lambda: end + timedelta(seconds=1))
    assert outcome(file, *there) == "deny"


def test_an_application_that_is_not_there_or_cannot_be_looked_up_ends_with_2(
    organisation: Organisation, file: Path
) -> None:
    unknown = run("check", file, "--environment", "dev", "--application", "nope")
    assert (unknown.status, "no application 'nope'" in unknown.err) == (2, True)
    offline = run("check", file, "--environment", "dev", "--application", "storefront", "--offline")
    assert (offline.status, "database" in offline.err) == (2, True)
