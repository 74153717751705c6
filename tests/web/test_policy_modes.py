"""Changing a policy's mode, and asking what a policy would break, on pages."""

from __future__ import annotations

import pytest
from django.test import Client

from portal.audit.models import AuditEvent
from portal.environments.models import PolicyMode
from portal.lifecycle.models import BlastRadius, ServiceInstance
from portal.lifecycle.operations import blast_radius
from portal.lifecycle.services import policy_modes
from tests.fixtures.organisation import Organisation
from tests.fixtures.policies import UsePolicies
from tests.policy.scenes import binding, policy
from tests.web.conftest import SignIn, replicas
from tests.web.pages import Page

CHOICE = {"environment": "dev", "mode": "enforce"}


# modes


def look(browser: Client, name: str = "replicas", **choice: str) -> BlastRadius:
    """Choose a mode and let a worker say what it would break."""
    response = browser.post(f"/policies/{name}/mode/", {**CHOICE, **choice})
    assert response.status_code == 302, response.content.decode()
    radius = BlastRadius.objects.first()
    assert radius is not None
    assert response.headers["Location"].endswith(f"&radius={radius.pk}")
    blast_radius.work_out(radius.pk)
    return radius


def test_a_mode_is_changed_after_one_has_seen_what_it_would_break(
    organisation: Organisation, signed_in: SignIn, scanned: ServiceInstance
) -> None:
    browser = signed_in(organisation.pete)
    radius = look(browser)
    address = f"/policies/replicas/mode/?environment=dev&mode=enforce&radius={radius.pk}"
    page = browser.get(address).content.decode()
    assert ("shop-api" in page, "Three replicas at the least." in page) == (True, True)
    assert PolicyMode.objects.count() == 0
    confirm = {**CHOICE, "radius": radius.pk, "seen": "warn", "reason": "Everybody has had time."}
    done = browser.post("/policies/replicas/mode/confirm/", confirm)
    assert (done.status_code, done.headers["Location"]) == (302, "/policies/replicas/")
    assert PolicyMode.objects.get().mode == "enforce"
    history = browser.get("/policies/replicas/?tab=history").content.decode()
    assert "Everybody has had time." in history


def test_a_mode_is_not_changed_before_one_has_looked(
    organisation: Organisation, signed_in: SignIn, scanned: ServiceInstance
) -> None:
    browser = signed_in(organisation.pete)
    asked = browser.post("/policies/replicas/mode/", CHOICE)
    unanswered = BlastRadius.objects.get()
    other = look(browser, mode="off")
    for number in ("", unanswered.pk, other.pk):
        confirm = {**CHOICE, "radius": number, "seen": "warn", "reason": "now"}
        response = browser.post("/policies/replicas/mode/confirm/", confirm)
        assert (asked.status_code, response.status_code) == (302, 409), number
    assert PolicyMode.objects.count() == 0


def test_what_was_worked_out_for_other_policies_confirms_nothing(
    organisation: Organisation, signed_in: SignIn, scanned: ServiceInstance, use_policies: UsePolicies
) -> None:
    browser = signed_in(organisation.pete)
    radius = look(browser)
    use_policies([*replicas("Warn"), policy("second", "true"), binding("second")])
    address = f"/policies/replicas/mode/?environment=dev&mode=enforce&radius={radius.pk}"
    assert "This can no longer be confirmed" in browser.get(address).content.decode()
    confirm = {**CHOICE, "radius": radius.pk, "seen": "warn", "reason": "now"}
    assert browser.post("/policies/replicas/mode/confirm/", confirm).status_code == 409


def test_a_mode_that_somebody_else_changed_meanwhile_is_told_and_the_reason_is_kept(
    organisation: Organisation, signed_in: SignIn, scanned: ServiceInstance
) -> None:
    browser = signed_in(organisation.pete)
    radius = look(browser)
    confirm = {**CHOICE, "radius": radius.pk, "seen": "audit", "reason": "Everybody <3 it."}
    response = browser.post("/policies/replicas/mode/confirm/", confirm)
    page = response.content.decode()
    assert response.status_code == 409
    assert "is in mode warn" in page
    assert "Everybody &lt;3 it." in page


def test_a_reason_is_needed_beside_its_field(
    organisation: Organisation, signed_in: SignIn, scanned: ServiceInstance
) -> None:
    browser = signed_in(organisation.pete)
    radius = look(browser)
    response = browser.post(
        "/policies/replicas/mode/confirm/", {**CHOICE, "radius": radius.pk, "seen": "warn", "reason": " "}
    )
    assert response.status_code == 422
    assert "Say why" in response.content.decode().split('id="reason"')[1]


def test_the_folder_can_decide_again(
    organisation: Organisation, signed_in: SignIn, scanned: ServiceInstance
) -> None:
    browser = signed_in(organisation.pete)
    needless = browser.post("/policies/replicas/mode/", {**CHOICE, "mode": "folder"})
    assert needless.status_code == 422
    assert "The folder decides already" in needless.content.decode()
    staging = organisation.environment("staging")
    policy_modes.set_mode("replicas", staging, "off", actor=organisation.pete, reason="Too noisy.")
    radius = look(browser, environment="staging", mode="folder")
    confirm = {
        "environment": "staging",
        "mode": "folder",
        "radius": radius.pk,
        "seen": "off",
        "reason": "Calm.",
    }
    assert browser.post("/policies/replicas/mode/confirm/", confirm).status_code == 302
    assert PolicyMode.objects.count() == 0


def test_what_is_missing_is_said_beside_its_choice(organisation: Organisation, signed_in: SignIn) -> None:
    response = signed_in(organisation.pete).post("/policies/probes/mode/", {"environment": "", "mode": ""})
    page = response.content.decode()
    assert response.status_code == 422
    assert ("Choose an environment." in page, "Choose a mode." in page) == (True, True)


@pytest.mark.parametrize("person", ["alice", "mona", "olga", "audrey"])
def test_only_platform_engineers_change_modes(
    person: str, organisation: Organisation, signed_in: SignIn
) -> None:
    browser = signed_in(getattr(organisation, person))
    confirm = {**CHOICE, "seen": "warn", "reason": "mine"}
    for response in (
        browser.get("/policies/probes/mode/"),
        browser.post("/policies/probes/mode/", CHOICE),
        browser.post("/policies/probes/mode/confirm/", confirm),
    ):
        assert response.status_code == 403
        assert "Only a platform engineer" in response.content.decode()
    assert (BlastRadius.objects.count(), PolicyMode.objects.count()) == (0, 0)


# what it would break


def test_a_blast_radius_is_followed_until_it_is_worked_out_and_then_left_alone(
    organisation: Organisation, signed_in: SignIn, scanned: ServiceInstance
) -> None:
    browser = signed_in(organisation.pete)
    browser.post("/policies/replicas/mode/", CHOICE)
    radius = BlastRadius.objects.get()
    address = f"/policies/replicas/mode/live/?environment=dev&mode=enforce&radius={radius.pk}"
    for live in (address, f"/policies/blast-radius/{radius.pk}/live/"):
        first = browser.get(live)
        assert (first.status_code, 'hx-trigger="every 1s"' in first.content.decode()) == (200, True)
        assert browser.get(live, headers={"If-None-Match": first.headers["ETag"]}).status_code == 304
    waiting = browser.get(address.replace("live/", "")).content.decode()
    assert '<meta http-equiv="refresh"' in waiting
    assert 'id="reason"' not in waiting
    blast_radius.work_out(radius.pk)
    final = browser.get(address)
    assert (final.status_code, 'id="reason"' in final.content.decode()) == (286, True)
    assert browser.get(f"/policies/blast-radius/{radius.pk}/live/").status_code == 286


def test_pasted_policies_are_judged_against_what_runs(
    organisation: Organisation, signed_in: SignIn, service: ServiceInstance
) -> None:
    browser = signed_in(organisation.olga)
    text = (
        "apiVersion: admissionregistration.k8s.io/v1\nkind: ValidatingAdmissionPolicy\n"
        "metadata: {name: three-replicas}\nspec:\n  matchConstraints:\n    resourceRules:\n"
        "      - {apiGroups: [apps], apiVersions: [v1], operations: ['*'], resources: [deployments]}\n"
        "  validations:\n    - {expression: object.spec.replicas >= 3, message: Three at the least.}\n"
    )
    asked = browser.post("/policies/blast-radius/", {"yaml": text})
    radius = BlastRadius.objects.get()
    assert asked.headers["Location"] == f"/policies/blast-radius/{radius.pk}/"
    blast_radius.work_out(radius.pk)
    page = browser.get(f"/policies/blast-radius/{radius.pk}/").content.decode()
    assert ("shop-api" in page, "Three at the least." in page) == (True, True)
    assert "/policies/three-replicas/" not in page
    assert "As pasted: three-replicas" in browser.get("/policies/blast-radius/").content.decode()


def test_every_mistake_in_pasted_policies_is_said_with_its_line_and_nothing_is_lost(
    organisation: Organisation, signed_in: SignIn
) -> None:
    head = "apiVersion: admissionregistration.k8s.io/v1\nkind: ValidatingAdmissionPolicy\n"
    every = ", ".join(f"{part}: ['*']" for part in ("apiGroups", "apiVersions", "operations", "resources"))
    rules = f"  matchConstraints: {{resourceRules: [{{{every}}}]}}\n"
    text = (
        f"{head}metadata: {{name: first}}\nspec:\n{rules}  failurePolicy: Maybe\n"
        "  validations: [{expression: 'true'}]\n---\n"
        f"{head}metadata: {{name: second}}\nspec:\n{rules}  validations: [{{expression: 'object.'}}]\n"
    )
    response = signed_in(organisation.pete).post("/policies/blast-radius/", {"yaml": text})
    page = response.content.decode()
    assert response.status_code == 422
    for said in (
        "first",
        "line 1<",
        "spec.failurePolicy",
        "second",
        "line 9<",
        "spec.validations[0].expression",
    ):
        assert said in page, said
    assert "failurePolicy: Maybe" in page.split("<textarea")[1]
    assert BlastRadius.objects.count() == 0


@pytest.mark.parametrize(
    ("text", "said"), [("a: [", "line 2"), ("", "Say what would be different"), ("- 1", "")]
)
def test_what_is_no_policy_is_refused_beside_the_text(
    text: str, said: str, organisation: Organisation, signed_in: SignIn
) -> None:
    response = signed_in(organisation.pete).post("/policies/blast-radius/", {"yaml": text})
    assert response.status_code == 422
    assert said in response.content.decode().split("</textarea>")[1].split("hint")[0]


def test_what_is_found_in_other_teams_is_for_those_who_read_everything(
    organisation: Organisation, signed_in: SignIn, radius: BlastRadius
) -> None:
    browser = signed_in(organisation.alice)
    assert browser.get("/policies/blast-radius/").status_code == 403
    assert browser.post("/policies/blast-radius/", {"yaml": "a: 1"}).status_code == 403
    assert browser.get(f"/policies/blast-radius/{radius.pk}/").status_code == 404
    assert 'href="/policies/blast-radius/"' not in browser.get("/policies/").content.decode()
    assert signed_in(organisation.audrey).get(f"/policies/blast-radius/{radius.pk}/").status_code == 200


def test_changes_of_modes_are_audited_through_the_page(
    organisation: Organisation, signed_in: SignIn, scanned: ServiceInstance
) -> None:
    browser = signed_in(organisation.pete)
    radius = look(browser)
    browser.post(
        "/policies/replicas/mode/confirm/",
        {**CHOICE, "radius": radius.pk, "seen": "warn", "reason": "Everybody has had time."},
    )
    event = AuditEvent.objects.get(action="policy.mode_changed")
    assert (event.source, event.actor_name, event.comment) == ("page", "pete", "Everybody has had time.")


def test_pages_of_policies_are_well_formed_with_findings_on_them(
    organisation: Organisation, signed_in: SignIn, scanned: ServiceInstance
) -> None:
    browser = signed_in(organisation.pete)
    radius = look(browser)
    for address in (
        "/policies/?found=violations",
        "/policies/replicas/?tab=violations",
        f"/instances/{scanned.pk}/?tab=policy",
        f"/policies/blast-radius/{radius.pk}/",
        f"/policies/replicas/mode/?environment=dev&mode=enforce&radius={radius.pk}",
        "/",
    ):
        assert Page(browser.get(address).content.decode()).problems == [], address
