"""Drift on pages: what is shown, to whom, and what can be done about it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from portal.core import clock
from portal.environments.models import Environment
from portal.lifecycle.models import ChangeRequest, DriftReport, DriftTolerance, Remedy, ServiceInstance
from tests.fixtures.organisation import Organisation
from tests.web.conftest import SignIn
from tests.web.drift import drifted, in_step


def page(browser: Client, address: str) -> str:
    response = browser.get(address)
    assert response.status_code == 200, response.status_code
    return response.content.decode()


def tab(instance: ServiceInstance) -> str:
    return f"/instances/{instance.pk}/?tab=drift"


@pytest.fixture
def alice(organisation: Organisation, signed_in: SignIn) -> Client:
    return signed_in(organisation.alice)


def test_the_instance_says_that_it_drifted_and_the_tab_says_what(
    alice: Client, service: ServiceInstance
) -> None:
    drifted(service)
    overview = page(alice, f"/instances/{service.pk}/")
    assert "1 field differs from release #1, by kubectl-edit" in overview
    shown = page(alice, tab(service))
    for text in ("spec.replicas", "kubectl-edit", "Scan now", "Revert…", "Adopt…", "Tolerate…"):
        assert text in shown
    assert "1 field differs" not in shown.partition("</h1>")[2].partition("<nav")[0]


def test_what_is_as_sealed_says_when_that_was_found(alice: Client, service: ServiceInstance) -> None:
    assert "Not looked at yet" in page(alice, tab(service))
    in_step(service)
    shown = page(alice, tab(service))
    assert "As sealed, checked 2 min ago" in shown
    assert "Revert…" not in shown


def test_what_is_not_known_says_why(alice: Client, service: ServiceInstance) -> None:
    in_step(service)
    said = "The cluster sandbox does not answer: connection refused."
    DriftReport.objects.update(status=DriftReport.Status.UNKNOWN, message=said)
    assert said in page(alice, tab(service))


def test_the_address_in_notices_leads_to_the_tab(alice: Client, service: ServiceInstance) -> None:
    assert alice.get(f"/instances/{service.pk}/drift/").headers["Location"] == tab(service)


def test_scanning_shows_that_it_is_under_way_and_asks_sooner_for_the_answer(
    alice: Client, service: ServiceInstance
) -> None:
    drifted(service)
    response = alice.post(f"/instances/{service.pk}/drift/scan/")
    assert response.headers["Location"] == tab(service)
    shown = page(alice, tab(service))
    assert "Asking the cluster" in shown
    assert 'hx-trigger="every 2s"' in shown
    DriftReport.objects.update(tried_at=clock.now(), checked_at=clock.now())
    shown = page(alice, tab(service))
    assert "Asking the cluster" not in shown
    assert 'hx-trigger="every 10s"' in shown


def test_reverting_shows_what_goes_back_and_makes_a_change(alice: Client, service: ServiceInstance) -> None:
    drifted(service)
    drifted(service, "spec.template.spec.nodeSelector.disk", how="added", sealed=None, live="ssd")
    address = f"/instances/{service.pk}/drift/revert/"
    shown = page(alice, address)
    assert "What goes back" in shown
    assert "taken away" in shown
    key = shown.split('name="key" value="')[1].split('"')[0]
    sent = {"reason": "Nobody remembers why.", "key": key}
    first, again = (alice.post(address, sent).headers["Location"] for _ in range(2))
    change = ChangeRequest.objects.get(kind="remediate")
    assert first == again == f"/changes/{change.pk}/"
    assert len(Remedy.objects.get(change=change).items) == 2
    assert "Not as it was sealed" in page(alice, f"/instances/{service.pk}/")
    assert "Revert…" not in page(alice, tab(service)), "a change is under way"


def test_a_revert_of_nothing_says_so_beside_the_button(alice: Client, service: ServiceInstance) -> None:
    in_step(service)
    address = f"/instances/{service.pk}/drift/revert/"
    assert "Nothing differs" in page(alice, address)
    assert alice.post(address, {}).status_code == 409


def test_adopting_first_says_that_it_looks_then_what_it_found(
    alice: Client, service: ServiceInstance
) -> None:
    item = drifted(service, "", how="foreign", kind="ConfigMap", name="by-hand")
    address = f"/instances/{service.pk}/drift/adopt/"
    assert "Looking for values" in page(alice, address)
    found = alice.get(f"{address}?look=yes&items={item.pk}", headers={"HX-Request": "true"}).content.decode()
    assert "no value of the chart makes it" in found
    assert "Nothing of it can be sealed" in found
    assert "<html" not in found
    refused = alice.post(address, {"items": [item.pk]})
    assert refused.status_code == 422
    assert "no value of the chart makes it" in refused.content.decode()


def test_tolerating_until_a_day_and_ending_it(alice: Client, service: ServiceInstance) -> None:
    item = drifted(service)
    address = f"/instances/{service.pk}/drift/items/{item.pk}/tolerate/"
    assert "kubectl-edit" in page(alice, address)
    day = (clock.now() + timedelta(days=9)).date()
    sent = {"scope": "field", "until": day.isoformat(), "reason": "Until the sale is over."}
    for wrong in ({"reason": " "}, {"until": ""}, {"until": (day + timedelta(days=90)).isoformat()}):
        assert alice.post(address, {**sent, **wrong}).status_code == 422
    assert alice.post(address, sent).headers["Location"] == tab(service)
    tolerance = DriftTolerance.objects.get()
    assert (tolerance.path, tolerance.until.date()) == ("spec.replicas", day)
    shown = page(alice, tab(service))
    assert "Until the sale is over." in shown
    assert "1 tolerated" in shown
    assert "Not as it was sealed" not in page(alice, f"/instances/{service.pk}/")
    alice.post(f"/instances/{service.pk}/drift/tolerances/{tolerance.pk}/end/")
    assert "Not as it was sealed" in page(alice, f"/instances/{service.pk}/")


def test_at_a_gate_the_team_is_told_who_may_tolerate(
    organisation: Organisation, signed_in: SignIn, alice: Client, service: ServiceInstance
) -> None:
    item = drifted(service)
    Environment.objects.filter(pk=service.environment_id).update(approvals_required=1)
    assert "Tolerate…" not in page(alice, tab(service))
    address = f"/instances/{service.pk}/drift/items/{item.pk}/tolerate/"
    refused = alice.get(address)
    assert refused.status_code == 403
    assert "Only an operator may decide this" in refused.content.decode()
    day = (clock.now() + timedelta(days=9)).date().isoformat()
    sent = {"scope": "object", "until": day, "reason": "Until the sale is over."}
    assert alice.post(address, sent).status_code == 403
    olga = signed_in(organisation.olga)
    assert "Tolerate…" in page(olga, tab(service))
    assert olga.post(address, sent).status_code == 302
    assert DriftTolerance.objects.get().path == ""


def test_who_only_reads_sees_it_and_can_do_nothing(
    organisation: Organisation, signed_in: SignIn, service: ServiceInstance
) -> None:
    item = drifted(service)
    audrey = signed_in(organisation.audrey)
    shown = page(audrey, tab(service))
    assert "spec.replicas" in shown
    for word in ("Scan now", "Revert…", "Adopt…", "Tolerate…"):
        assert word not in shown
    base = f"/instances/{service.pk}/drift"
    for address in (f"{base}/scan/", f"{base}/revert/", f"{base}/adopt/"):
        assert audrey.post(address).status_code == 403
    pia = signed_in(organisation.pia)
    for address in (f"{base}/", f"{base}/revert/", f"{base}/items/{item.pk}/tolerate/"):
        assert pia.get(address).status_code == 404


def test_the_fleet_shows_what_is_to_be_minded(alice: Client, service: ServiceInstance) -> None:
    in_step(service)
    assert "All as sealed" in page(alice, "/drift/")
    assert service.name in page(alice, "/drift/?status=all")
    drifted(service)
    shown = page(alice, "/drift/")
    assert "1 field differs" in shown
    assert "kubectl-edit" in shown
    assert "Nothing matches" in page(alice, "/drift/?status=unknown")


def test_lists_of_instances_mark_what_drifted(alice: Client, service: ServiceInstance) -> None:
    assert "Drifted" not in page(alice, "/instances/")
    drifted(service)
    assert "Drifted" in page(alice, "/instances/")
