"""The page of a guard: who reaches it, what it says, how it is set, compared and put right."""

from __future__ import annotations

from typing import Any

import pytest

from portal.audit.models import AuditEvent
from portal.core import clock
from portal.environments.models import Cluster, Environment
from portal.lifecycle.models import Bypass, GuardState
from portal.lifecycle.operations import guarding
from tests.fixtures.guard import Scene
from tests.fixtures.organisation import Organisation
from tests.web.conftest import SignIn

ADDRESS = "/platform/environments/production/guard/"
AUDIT = {"mode": "audit", "reason": "What would be refused?", "seen": "off"}


def production() -> Environment:
    return Environment.objects.get(slug="production")


def bypass(**facts: Any) -> Bypass:
    given = {"kind": "Deployment", "api_version": "apps/v1", "namespace": "storefront-production"}
    given |= {"name": "shop-web", "how": Bypass.How.FIELD_MANAGER, "manager": "kubectl-edit"}
    given |= {"operation": "Update", "fields": "spec.replicas", "mark": str(Bypass.objects.count())}
    return Bypass.objects.create(environment=production(), seen_at=clock.now(), **{**given, **facts})


@pytest.mark.parametrize(
    ("person", "looks", "sets"),
    [
        ("alice", 403, 403),
        ("mona", 403, 403),
        ("olga", 200, 403),
        ("audrey", 200, 403),
        ("pete", 200, 302),
    ],
)
def test_whoever_reads_everything_looks_and_a_platform_engineer_sets(
    person: str, looks: int, sets: int, organisation: Organisation, signed_in: SignIn
) -> None:
    browser = signed_in(getattr(organisation, person))
    assert browser.get(ADDRESS).status_code == looks
    assert browser.post(f"{ADDRESS}set/", AUDIT).status_code == sets
    assert (production().guard == "audit") == (sets == 302)
    assert ("Set the guard" in browser.get(ADDRESS).content.decode()) == (person == "pete")


def test_it_is_set_with_a_reason_and_says_that_the_cluster_follows(
    organisation: Organisation, signed_in: SignIn
) -> None:
    browser = signed_in(organisation.pete)
    said = browser.post(f"{ADDRESS}set/", AUDIT, follow=True).content.decode()
    assert "The cluster follows within a minute or so." in said
    assert "Coming to the cluster" in said
    assert "What would be refused?" in said
    assert AuditEvent.objects.get(action="gate.guard_changed").actor_name == "pete"


@pytest.mark.parametrize(
    ("posted", "status", "said"),
    [
        ({"mode": "audit", "reason": ""}, 422, "Say why: it is kept in the audit trail."),
        ({"reason": "Because."}, 422, "Choose what the cluster shall do."),
        ({"mode": "enforce", "reason": "Because."}, 422, "Choose what the cluster shall do."),
        ({"mode": "deny", "reason": "Because."}, 409, "Deny comes after audit"),
        ({"mode": "audit", "reason": "Because.", "seen": "deny"}, 409, "is off by now"),
    ],
)
def test_a_refusal_stands_on_the_page_and_nothing_typed_is_lost(
    posted: dict[str, str], status: int, said: str, organisation: Organisation, signed_in: SignIn
) -> None:
    answer = signed_in(organisation.pete).post(f"{ADDRESS}set/", posted)
    assert answer.status_code == status
    page = answer.content.decode()
    assert said in page
    assert posted["reason"] in page
    assert production().guard == "off"


def test_operators_are_named_one_a_line(organisation: Organisation, signed_in: SignIn) -> None:
    browser = signed_in(organisation.pete)
    names = "system:serviceaccount:cert-manager:cert-manager\r\nsystem:serviceaccount:cnpg:operator"
    assert browser.post(f"{ADDRESS}set/", {**AUDIT, "controllers": names}).status_code == 302
    assert names.replace("\r", "") in browser.get(ADDRESS).content.decode()
    wrong = browser.post(f"{ADDRESS}set/", {**AUDIT, "seen": "audit", "controllers": "oscar"})
    assert wrong.status_code == 422
    assert "is not an operator&#x27;s service account" in wrong.content.decode()
    assert GuardState.objects.get().controllers == names.split("\r\n")


def test_deny_can_be_chosen_once_audit_has_run(organisation: Organisation, signed_in: SignIn) -> None:
    browser = signed_in(organisation.pete)
    assert "First let audit run" in browser.get(ADDRESS).content.decode()
    GuardState.objects.create(environment=production(), audited_at=clock.now())
    assert "First let audit run" not in browser.get(ADDRESS).content.decode()
    browser.post(f"{ADDRESS}set/", {"mode": "deny", "reason": "Nothing was."})
    assert production().guard == "deny"


def test_bypasses_are_listed_page_by_page_with_who_and_how(
    organisation: Organisation, signed_in: SignIn, django_assert_max_num_queries: Any
) -> None:
    for number in range(60):
        bypass(name=f"shop-{number:02}")
    bypass(name="<b>", how=Bypass.How.FOREIGN_RELEASE, manager="helm", at=clock.now())
    browser = signed_in(organisation.olga)
    with django_assert_max_num_queries(14):
        page = browser.get(ADDRESS).content.decode()
    assert "&lt;b&gt;" in page
    assert "A Helm release that is no instance" in page
    assert "kubectl-edit" in page
    assert "61 seen" in page
    assert "shop-05" not in page
    assert "shop-05" in browser.get(ADDRESS, {"page": "2"}).content.decode()


def test_a_cluster_that_does_not_answer_is_said_on_the_page(
    organisation: Organisation, signed_in: SignIn
) -> None:
    Environment.objects.filter(slug="production").update(guard="audit")
    Cluster.objects.update(guard_digest="sha256:1", guard_checked_at=clock.now())
    browser = signed_in(organisation.pete)
    assert "does not answer" in browser.get(ADDRESS, {"compare": "yes"}).content.decode()
    answer = browser.post(f"{ADDRESS}put-right/")
    assert answer.status_code == 502
    assert "does not answer" in answer.content.decode()


def test_what_was_changed_in_the_cluster_is_shown_and_put_right(scene: Scene, signed_in: SignIn) -> None:
    address = "/platform/environments/dev/guard/"
    scene.guard("audit")
    browser = signed_in(scene.organisation.pete)
    page = browser.get(address, {"compare": "yes"}).content.decode()
    assert "Nothing differs" in page
    assert "The cluster knows it as kubernetes-admin" in page
    scene.kubectl("delete", "validatingadmissionpolicybinding/slipway-gate-objects-audit")
    page = browser.get(address, {"compare": "yes"}).content.decode()
    assert "Somebody changed it in the cluster" in page
    assert "slipway-gate-objects-audit" in page
    assert "as it belongs there" in browser.post(f"{address}put-right/", follow=True).content.decode()
    assert {step.action for step in guarding.plan(scene.organisation.cluster)} == {"same"}


def test_the_admin_page_leads_to_it(organisation: Organisation, signed_in: SignIn) -> None:
    assert f'href="{ADDRESS}"' in signed_in(organisation.pete).get("/platform/").content.decode()
