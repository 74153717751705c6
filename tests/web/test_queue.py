"""The queue: riskiest first, filters, what is known of each row, and refusing several at once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from portal.core import clock
from portal.lifecycle.models import ChangeRequest, HealthSpan
from portal.lifecycle.services import approvals, break_glass, comments
from portal.lifecycle.states import ChangeState, Health
from tests.factories import ApplicationFactory, ChangeFactory, InstanceFactory
from tests.fixtures.organisation import Organisation
from tests.web.conftest import SignIn
from tests.web.gate import gathered, rules
from tests.web.pages import Page


def waits(
    organisation: Organisation, name: str, *, risk: int = 20, hours: int = 1, **more: Any
) -> ChangeRequest:
    """Somebody of the shop has asked for it so many hours ago."""
    environment = organisation.environment(more.pop("environment", "production"))
    application = more.pop("application", organisation.storefront)
    instance = InstanceFactory(
        application=application, environment=environment, name=name, created_by=organisation.alice
    )
    now = clock.now()
    change: ChangeRequest = ChangeFactory(
        instance=instance,
        state=ChangeState.AWAITING_APPROVAL,
        requested_by=organisation.alice,
        risk=risk,
        risk_reasons=["a create"],
        created_at=now - timedelta(hours=hours),
        expires_at=now + timedelta(days=7),
        **more,
    )
    change.contributors.add(organisation.alice)
    return change


def names(browser: Client, query: str = "") -> list[str]:
    """In the order in which they stand there."""
    response = browser.get(f"/approvals/{query}")
    assert response.status_code == 200
    page = response.content.decode()
    assert Page(page).problems == []
    return [
        each.split("<")[0]
        for each in page.split("<td><div>")[1:]
        for each in [each.split('class="mono">')[1]]
    ]


def test_the_riskiest_come_first_and_of_equals_the_oldest(
    organisation: Organisation, signed_in: SignIn
) -> None:
    waits(organisation, "young", risk=20, hours=1)
    waits(organisation, "old", risk=20, hours=9)
    waits(organisation, "risky", risk=80, hours=1)
    assert names(signed_in(organisation.olga)) == ["risky", "old", "young"]


def test_what_one_took_part_in_or_has_decided_waits_for_others(
    organisation: Organisation, signed_in: SignIn, waiting: ChangeRequest
) -> None:
    rules(approvals_required=2)
    waiting.refresh_from_db()
    mine = waits(organisation, "mine")
    mine.contributors.add(organisation.olga)
    approvals.approve(waiting, actor=organisation.olga, digest=waiting.seal)
    browser = signed_in(organisation.olga)
    assert names(browser) == []
    assert "Nothing waits for you" in browser.get("/approvals/").content.decode()
    assert sorted(names(browser, "?tab=all")) == ["mine", waiting.name]
    assert len(names(signed_in(organisation.oscar))) == 2


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("risk=high", ["risky"]),
        ("risk=low", ["calm", "elsewhere"]),
        ("environment=staging", ["elsewhere"]),
        ("kind=retire", ["risky"]),
        ("team=shop", ["risky", "calm"]),
        ("q=cal", ["calm"]),
        ("q=nothing-like-it", []),
    ],
)
def test_filters_narrow_it(
    query: str, found: list[str], organisation: Organisation, signed_in: SignIn
) -> None:
    waits(organisation, "risky", risk=90, kind="retire")
    waits(organisation, "calm", risk=10)
    other = ApplicationFactory(team__slug="other")
    waits(organisation, "elsewhere", risk=10, environment="staging", application=other)
    browser = signed_in(organisation.olga)
    assert names(browser, f"?{query}") == found
    if not found:
        assert "Nothing that waits matches" in browser.get(f"/approvals/?{query}").content.decode()


def test_rows_say_what_is_known_of_their_evidence(organisation: Organisation, signed_in: SignIn) -> None:
    browser = signed_in(organisation.olga)

    def known() -> str:
        return " ".join(browser.get("/approvals/").content.decode().split())

    change = waits(organisation, "thing")
    assert "None wanted" in known()
    rules(required_evidence={"findings": 60})
    assert ">Missing<" in known()
    row = gathered(change, "findings", age=timedelta(hours=2))
    assert ">Stale<" in known()
    row.observed_at = clock.now()
    row.save()
    assert ">Ready<" in known()
    row.status = "bad"
    row.save()
    assert ">Speaks against it<" in known()
    comments.ask_for_change(change, actor=organisation.oscar, digest=change.seal, text="Smaller, please.")
    assert "Change asked for" in known()


def test_what_still_soaks_is_not_called_ready(
    organisation: Organisation, signed_in: SignIn, waiting: ChangeRequest
) -> None:
    rules(minimum_soak_minutes=60)
    browser = signed_in(organisation.olga)
    assert ">Soaking<" in browser.get("/approvals/").content.decode()
    release = waiting.release
    assert release is not None
    source = release.promoted_from
    assert source is not None
    HealthSpan.objects.filter(instance=source.instance).delete()
    HealthSpan.objects.create(
        instance=source.instance,
        release=source,
        health=Health.READY,
        began_at=clock.now() - timedelta(hours=2),
    )
    assert ">Soaking<" not in browser.get("/approvals/").content.decode()


def test_the_risk_is_a_word_with_its_reasons(organisation: Organisation, signed_in: SignIn) -> None:
    waits(organisation, "risky", risk=90)
    page = signed_in(organisation.olga).get("/approvals/").content.decode()
    assert 'class="risk risk-high" title="a create"' in page
    assert '<span class="visually-hidden">: a create</span>' in page


def bulk(browser: Client, act: str, rows: list[str], comment: str = "Overtaken by the sale.") -> Any:
    return browser.post("/approvals/bulk/", {"act": act, "rows": rows, "comment": comment}, follow=True)


def test_several_are_rejected_for_one_reason(organisation: Organisation, signed_in: SignIn) -> None:
    first, second = waits(organisation, "first"), waits(organisation, "second")
    browser = signed_in(organisation.olga)
    response = bulk(browser, "reject", [f"{each.pk}:{each.seal}" for each in (first, second)])
    assert "2 rejected." in response.content.decode()
    assert set(ChangeRequest.objects.values_list("state", flat=True)) == {ChangeState.REJECTED}


def test_what_was_sealed_anew_or_decided_meanwhile_is_left_and_named(
    organisation: Organisation, signed_in: SignIn
) -> None:
    first, second = waits(organisation, "first"), waits(organisation, "second")
    browser = signed_in(organisation.olga)
    response = bulk(browser, "close", [f"{first.pk}:{first.seal}", f"{second.pk}:sha256:older"])
    page = response.content.decode()
    assert "1 closed as overtaken." in page
    assert f"#{second.pk} was left as it is" in page
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.state, second.state) == (ChangeState.SUPERSEDED, ChangeState.AWAITING_APPROVAL)


@pytest.mark.parametrize(
    ("rows", "comment", "said"),
    [(True, " ", "Say why"), (False, "Overtaken.", "Choose at least one change.")],
)
def test_a_reason_and_a_choice_are_needed_and_nothing_typed_is_lost(
    rows: bool, comment: str, said: str, organisation: Organisation, signed_in: SignIn
) -> None:
    change = waits(organisation, "thing")
    value = f"{change.pk}:{change.seal}"
    response = bulk(signed_in(organisation.olga), "reject", [value] if rows else [], comment)
    page = response.content.decode()
    assert (response.status_code, said in page, Page(page).problems) == (422, True, [])
    assert (f'aria-label="Choose #{change.pk}, create thing in Production" checked' in page) == rows
    assert comment.strip() in page


def test_nothing_is_ever_approved_in_bulk(organisation: Organisation, signed_in: SignIn) -> None:
    change = waits(organisation, "thing")
    browser = signed_in(organisation.olga)
    assert "approve" not in browser.get("/approvals/").content.decode().lower().split('class="bulk')[1].split(
        "<script"
    )[0].replace("approving is done one by one", "")
    bulk(browser, "approve", [f"{change.pk}:{change.seal}"])
    change.refresh_from_db()
    assert (change.state, change.approvals.filter(decision="approved").count()) == (ChangeState.REJECTED, 0)


def test_only_those_who_decide_have_a_queue(organisation: Organisation, signed_in: SignIn) -> None:
    change = waits(organisation, "thing")
    browser = signed_in(organisation.alice)
    assert browser.get("/approvals/").status_code == 403
    assert bulk(browser, "reject", [f"{change.pk}:{change.seal}"]).status_code == 403


def test_passed_gates_wait_for_a_review_of_another(
    organisation: Organisation, signed_in: SignIn, waiting: ChangeRequest
) -> None:
    reason = "The shop is down, and this brings it back."
    break_glass.pass_gate(waiting, actor=organisation.olga, digest=waiting.seal, reason=reason)
    assert "Nothing to review" in signed_in(organisation.olga).get("/approvals/?tab=review").content.decode()
    page = signed_in(organisation.oscar).get("/approvals/?tab=review").content.decode()
    assert f"/changes/{waiting.pk}/#review" in page
    assert reason in page
    assert Page(page).problems == []


def test_the_page_leads_to_the_next_and_the_one_before(organisation: Organisation, signed_in: SignIn) -> None:
    chain = [waits(organisation, f"thing-{number}", risk=90 - number) for number in range(3)]
    page = signed_in(organisation.olga).get(f"/changes/{chain[1].pk}/").content.decode()
    assert f'<a href="/changes/{chain[0].pk}/" rel="prev" data-step="-1">' in page
    assert f'<a href="/changes/{chain[2].pk}/" rel="next" data-step="1">' in page


def test_a_full_page_costs_as_many_queries_as_a_short_one(
    organisation: Organisation, signed_in: SignIn
) -> None:
    rules(required_evidence={"findings": 60}, minimum_soak_minutes=60)
    browser = signed_in(organisation.olga)

    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert browser.get("/approvals/").status_code == 200
        return len(queries)

    gathered(waits(organisation, "thing"), "findings")
    few = cost()
    for number in range(30):
        gathered(waits(organisation, f"thing-{number}"), "findings")
    assert cost() == few


def test_the_report_counts_what_waited_and_how_it_ended(
    organisation: Organisation, signed_in: SignIn, waiting: ChangeRequest
) -> None:
    approvals.reject(waiting, actor=organisation.olga, digest=waiting.seal, comment="Not on a Friday.")
    page = signed_in(organisation.oscar).get("/approvals/?tab=report").content.decode()
    assert Page(page).problems == []
    assert 'data-label="Environment">production<' in page
    assert 'data-label="Rejected" class="num">1<' in page
