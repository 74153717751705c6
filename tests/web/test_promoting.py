"""The promotion's page: what may differ in the next stage is asked for, everything else is carried."""

from __future__ import annotations

import re

import pytest

from portal.lifecycle.models import ChangeRequest, ServiceInstance
from portal.lifecycle.states import ChangeKind
from tests.fixtures.organisation import Organisation
from tests.web.conftest import IMAGE, SignIn, ask, settle


@pytest.fixture
def staging(organisation: Organisation, namespace: ServiceInstance) -> ServiceInstance:
    return settle(ask(organisation.alice, kind="promote", instance=namespace.pk, environment="staging"))


def page_of(service: ServiceInstance) -> str:
    return f"/instances/{service.pk}/promote/staging/"


def field(html: str, name: str) -> str:
    """What an input holds."""
    found = re.search(rf'name="{name}"[^>]* value="([^"]*)"', html)
    assert found, f"no input {name}"
    return found[1]


def form(html: str, **changed: str) -> dict[str, str]:
    """What a browser sends: every input of the settings as it stands, but for what was changed."""
    sent = dict(re.findall(r'name="(/[^"]*)" type="text"[^>]* value="([^"]*)"', html))
    plan = re.search(r'name="plan" value="(\w+)" checked', html)
    return {
        **sent,
        "/autoscaling/enabled": "false",
        "shown_plan": field(html, "shown_plan"),
        "plan": plan[1] if plan else "",
        **changed,
    }


def promoted() -> ChangeRequest:
    return ChangeRequest.objects.filter(kind=ChangeKind.PROMOTE, offering__slug="web-service").latest("pk")


def test_what_may_differ_is_shown_filled_in_and_nothing_else(
    organisation: Organisation, signed_in: SignIn, service: ServiceInstance, staging: ServiceInstance
) -> None:
    html = signed_in(organisation.alice).get(page_of(service)).content.decode()
    assert field(html, "/replicas") == "1"
    assert field(html, "/resources/limits/memory") == "256Mi"
    assert 'name="/image/tag"' not in html
    assert "do-not-show-this" not in html


def test_what_is_left_as_it_is_is_not_said(
    organisation: Organisation, signed_in: SignIn, service: ServiceInstance, staging: ServiceInstance
) -> None:
    browser = signed_in(organisation.alice)
    html = browser.get(page_of(service)).content.decode()
    answer = browser.post(page_of(service), form(html))
    assert answer.status_code == 302, answer.content.decode()
    release = promoted().release
    assert release is not None
    assert service.current_release is not None
    assert release.inputs == service.current_release.inputs


def test_a_size_of_its_own_and_another_plan(
    organisation: Organisation, signed_in: SignIn, service: ServiceInstance, staging: ServiceInstance
) -> None:
    browser = signed_in(organisation.alice)
    html = browser.get(page_of(service)).content.decode()
    browser.post(page_of(service), form(html, **{"/replicas": "3", "plan": "medium"}))
    release = promoted().release
    assert release is not None
    assert release.plan is not None
    assert release.plan.slug == "medium"
    assert (release.values["replicas"], release.values["image"]["tag"]) == (3, "1.4.2")
    assert release.values["resources"]["limits"]["cpu"] == "1", "the plan's, since nobody changed it"


def test_looking_shows_the_outcome_and_asks_for_nothing(
    organisation: Organisation, signed_in: SignIn, service: ServiceInstance, staging: ServiceInstance
) -> None:
    browser = signed_in(organisation.alice)
    html = browser.get(page_of(service)).content.decode()
    before = ChangeRequest.objects.count()
    shown = browser.post(page_of(service), form(html, **{"/replicas": "7", "plan": "medium", "look": "yes"}))
    html = shown.content.decode()
    assert (shown.status_code, ChangeRequest.objects.count()) == (200, before)
    assert field(html, "/replicas") == "7"
    assert field(html, "/resources/limits/memory") == "512Mi"
    assert "&quot;replicas&quot;: 7" in html, "the API call that does the same"


def test_errors_stand_beside_their_field_and_what_was_typed_stays(
    organisation: Organisation, signed_in: SignIn, service: ServiceInstance, staging: ServiceInstance
) -> None:
    browser = signed_in(organisation.alice)
    html = browser.get(page_of(service)).content.decode()
    answer = browser.post(page_of(service), form(html, **{"/replicas": "many", "reason": "more load"}))
    html = answer.content.decode()
    assert answer.status_code == 422
    assert field(html, "/replicas") == "many"
    beside = html.split('id="e-value-replicas"')[1].split("</div>")[0]
    assert "field-error" in beside
    assert "more load" in html


def test_the_target_keeps_its_own_the_next_time(
    organisation: Organisation, signed_in: SignIn, service: ServiceInstance, staging: ServiceInstance
) -> None:
    values = {"replicas": 4}
    settle(
        ask(
            organisation.alice,
            kind="promote",
            instance=service.pk,
            environment="staging",
            plan="medium",
            values=values,
        )
    )
    newer = {**IMAGE, "image": {**IMAGE["image"], "tag": "1.5.0"}, "replicas": 2}
    settle(ask(organisation.alice, kind="update", instance=service.pk, values=newer))
    browser = signed_in(organisation.alice)
    html = browser.get(page_of(service)).content.decode()
    assert field(html, "/replicas") == "4"
    browser.post(page_of(service), form(html))
    release = promoted().release
    assert release is not None
    assert release.plan is not None
    assert (release.values["replicas"], release.values["image"]["tag"], release.plan.slug) == (
        4,
        "1.5.0",
        "medium",
    )
