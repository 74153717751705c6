"""Each ingredient of what was approved, changed once between the approval and the worker: each is refused, by
its name, and nothing is applied."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from portal.core import clock
from portal.core.errors import PolicyDenied, ReleaseChanged, SealBroken
from portal.environments.models import Cluster, Environment, PolicyMode
from portal.lifecycle.models import ChangeRequest, PolicyException, Release, Rollout
from portal.lifecycle.operations import reconcile, seals
from portal.lifecycle.services import approvals, exceptions, retirements
from portal.lifecycle.states import ChangeState
from portal.settings.environment import PROJECT_DIR
from services_catalog import archives
from services_catalog.models import ChartArchive
from tests.fixtures.organisation import Organisation
from tests.lifecycle.helpers import ask, live_namespace, live_service

pytestmark = pytest.mark.django_db

FOREIGN = {"image": {"repository": "docker.io/library/nginx", "tag": "1.27.3"}}
OTHER_RULE = {
    "apiVersion": "admissionregistration.k8s.io/v1",
    "kind": "ValidatingAdmissionPolicy",
    "metadata": {"name": "nothing-much", "annotations": {"slipway.dev/title": "Nothing much"}},
    "spec": {
        "matchConstraints": {
            "resourceRules": [
                {
                    "apiGroups": [""],
                    "apiVersions": ["v1"],
                    "resources": ["configmaps"],
                    "operations": ["CREATE"],
                }
            ]
        },
        "validations": [{"expression": "true"}],
    },
}
ENFORCED = {
    "apiVersion": "admissionregistration.k8s.io/v1",
    "kind": "ValidatingAdmissionPolicyBinding",
    "metadata": {"name": "nothing-much"},
    "spec": {"policyName": "nothing-much", "validationActions": ["Deny"]},
}


@pytest.fixture
def approved(organisation: Organisation) -> ChangeRequest:
    """A web service that relies on an exception, approved and queued."""
    live_namespace(organisation)
    Environment.objects.filter(slug="dev").update(approvals_required=1)
    about = {"application": "storefront", "environment": "dev", "offering": "web-service", "name": "shop-web"}
    with pytest.raises(PolicyDenied) as refusal:
        ask(organisation.alice, **about, values=FOREIGN)
    place = exceptions.place_of_change(ChangeRequest.objects.get(pk=refusal.value.details["change"]))
    wish = {"policy": "image-registries", "reason": "The mirror comes next week.", "days": 5}
    exception = exceptions.request(organisation.alice, place, wish)
    exceptions.grant(exception, actor=organisation.olga, comment="Until the mirror is there.")
    change = ask(organisation.alice, **about, values=FOREIGN)
    approvals.approve(change, actor=organisation.oscar, digest=change.seal)
    assert change.state == ChangeState.QUEUED
    assert set(change.release.ingredients) == set(seals.INGREDIENTS)
    return change


def stored(change: ChangeRequest, **columns: Any) -> None:
    """Written past the model, as somebody with access to the database would."""
    Release.objects.filter(pk=change.release_id).update(**columns)


def another_chart(change: ChangeRequest, tmp_path: Path) -> None:
    folder = PROJECT_DIR / "services_catalog" / "charts" / "web-service" / "1.1.0"
    files = {**archives.read_folder(folder), "NOTES.md": b"something else"}
    archive, _ = ChartArchive.objects.store(archives.pack_files(files, label="other"))
    stored(change, chart_id=archive.digest)


def damaged_chart(change: ChangeRequest, tmp_path: Path, settings: Any) -> None:
    other = archives.pack(PROJECT_DIR / "services_catalog" / "charts" / "worker" / "1.0.0")
    ChartArchive.objects.filter(pk=change.release.chart_id).update(content=other.content)
    settings.SLIPWAY_CHART_CACHE = tmp_path / "another-machine"


def revoked(organisation: Organisation, change: ChangeRequest) -> None:
    exception = PolicyException.objects.get(pk=change.release.exceptions[0])
    exceptions.revoke(exception, actor=organisation.pete, comment="No longer.")


def refused(change: ChangeRequest) -> str:
    """Let a worker take it; what it says. Nothing may have been tried."""
    reconcile.advance(change.pk, owner="test")
    change.refresh_from_db()
    assert change.state == ChangeState.FAILED
    assert not Rollout.objects.filter(change=change).exists()
    assert "Nothing was applied" in change.outcome
    return change.outcome.split(".")[0]


def named(name: str) -> str:
    return f"Not what was sealed: {seals.INGREDIENTS[name]}"


def test_another_chart_is_refused(approved: ChangeRequest, tmp_path: Path) -> None:
    another_chart(approved, tmp_path)
    assert refused(approved) == named("chart")


def test_a_chart_whose_stored_files_were_replaced_is_refused(
    approved: ChangeRequest, tmp_path: Path, settings: Any
) -> None:
    damaged_chart(approved, tmp_path, settings)
    assert refused(approved) == named("chart")


def test_another_image_reference_is_refused(approved: ChangeRequest) -> None:
    stored(approved, images=["registry.example.com/evil:1"])
    assert refused(approved) == named("images")


def test_other_values_are_refused(approved: ChangeRequest) -> None:
    stored(approved, values={**approved.release.values, "replicas": 9})
    assert refused(approved) == named("values")


def test_other_objects_are_refused(approved: ChangeRequest) -> None:
    stored(approved, objects_digest="sha256:" + "0" * 64)
    assert refused(approved) == named("objects")


def test_a_chart_that_now_renders_other_objects_is_refused(approved: ChangeRequest) -> None:
    """As a newer Helm might: everything stored is as it was sealed, the rendering is not."""
    release = Release.objects.get(pk=approved.release_id)
    # the seal of a release whose rendering was another
    release.ingredients = {**release.ingredients, "objects": "sha256:" + "1" * 64}
    stored(
        approved,
        objects_digest="sha256:" + "1" * 64,
        ingredients=release.ingredients,
        digest=release.computed_digest(),
    )
    ChangeRequest.objects.filter(pk=approved.pk).update(seal=release.computed_digest())
    approved.approvals.update(digest=release.computed_digest())
    seals.check(Release.objects.get(pk=approved.release_id), approved.subject)
    rendering = seals.Rendering(Release.objects.get(pk=approved.release_id), instance=approved.subject)
    with pytest.raises(SealBroken, match=named("objects")):
        rendering.documents()


def test_another_policy_bundle_is_refused(approved: ChangeRequest, use_policies: Callable[..., Path]) -> None:
    use_policies([OTHER_RULE, ENFORCED])
    assert refused(approved).startswith(named("policy"))


def test_a_policy_made_stricter_here_is_refused_and_one_elsewhere_does_not_matter(
    organisation: Organisation, approved: ChangeRequest
) -> None:
    def chosen(environment: str) -> None:
        PolicyMode.objects.create(
            policy="image-registries",
            environment=organisation.environment(environment),
            mode="audit",
            reason="Trying out.",
            set_by=organisation.pete,
            set_at=clock.now(),
        )

    chosen("staging")
    assert seals.altered(approved.release, approved.subject) == []
    chosen("dev")
    assert refused(approved) == named("policy")


def test_a_revoked_exception_is_refused(organisation: Organisation, approved: ChangeRequest) -> None:
    revoked(organisation, approved)
    assert refused(approved) == named("exceptions")


def test_an_exception_that_ended_while_it_waited_is_refused(
    approved: ChangeRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    later = clock.now() + timedelta(days=6)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert refused(approved) == named("exceptions")


def test_another_target_is_refused(approved: ChangeRequest) -> None:
    Cluster.objects.update(version="v1.37.0")
    assert refused(approved) == named("target")


def test_several_are_all_named(approved: ChangeRequest) -> None:
    stored(approved, images=[], values={})
    assert refused(approved) == "Not what was sealed: image references, values"


def test_a_seal_that_was_made_to_fit_has_no_consent(approved: ChangeRequest) -> None:
    """Whoever rewrites ingredients and digest too still lacks approvals of exactly that."""
    release = Release.objects.get(pk=approved.release_id)
    values = {**release.values, "replicas": 9}
    stored(approved, values=values)
    release = Release.objects.get(pk=approved.release_id)
    release.ingredients = release.current_ingredients()
    stored(approved, ingredients=release.ingredients, digest=release.computed_digest())
    ChangeRequest.objects.filter(pk=approved.pk).update(seal=release.computed_digest())
    assert "wants 1 more approval of exactly this release" in refused(approved)


def test_what_is_no_longer_sealed_cannot_be_approved_either(
    organisation: Organisation, use_policies: Callable[..., Path]
) -> None:
    change = ask(organisation.alice, application="storefront", environment="production", offering="namespace")
    use_policies([OTHER_RULE, ENFORCED])
    with pytest.raises(SealBroken, match="policy bundle"):
        approvals.approve(change, actor=organisation.olga, digest=change.seal)


def test_without_a_gate_newer_policies_judge_anew(
    organisation: Organisation, use_policies: Callable[..., Path]
) -> None:
    """Nobody decided on the policies, so newer ones void nothing; but what they refuse does not run."""
    change = ask(organisation.alice, application="storefront", environment="dev", offering="namespace")
    denying = {**OTHER_RULE, "spec": {**OTHER_RULE["spec"], "validations": [{"expression": "false"}]}}  # type: ignore[dict-item]
    rule = denying["spec"]["matchConstraints"]["resourceRules"][0]
    everything = {**rule, "apiGroups": ["*"], "apiVersions": ["*"], "resources": ["*"]}
    denying["spec"] = {**denying["spec"], "matchConstraints": {"resourceRules": [everything]}}
    use_policies([denying, ENFORCED])
    assert "policy refuses it: nothing-much" in refused(change)


def test_a_retirement_is_of_exactly_what_runs(organisation: Organisation) -> None:
    instance = live_service(organisation)
    Environment.objects.filter(slug="dev").update(approvals_required=1)
    retirements.announce(instance, actor=organisation.alice)
    change = ask(organisation.alice, kind="retire", instance=instance.pk, confirm=instance.name)
    with pytest.raises(ReleaseChanged):
        approvals.approve(change, actor=organisation.olga, digest=instance.current_release.digest)
    approvals.approve(change, actor=organisation.olga, digest=change.seal)
    type(instance).objects.filter(pk=instance.pk).update(current_release=None)
    assert "Another release runs now" in refused(change)
