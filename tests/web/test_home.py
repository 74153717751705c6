"""Home: what waits, what is unwell, what changed; and what somebody new does first."""

from __future__ import annotations

from datetime import timedelta

from portal.core import clock
from portal.lifecycle.models import ChangeRequest, DriftReport, ServiceInstance
from portal.lifecycle.states import ChangeState
from tests.factories import TeamFactory, UserFactory, member
from tests.fixtures.organisation import Organisation
from tests.web.conftest import SignIn


def home(browser) -> str:
    return browser.get("/").content.decode()


def test_a_failed_change_is_told_of_until_somebody_follows_it_up(
    organisation: Organisation, signed_in: SignIn, service: ServiceInstance
) -> None:
    failed = service.changes.get()
    ChangeRequest.objects.filter(pk=failed.pk).update(state=ChangeState.FAILED, finished_at=clock.now())
    browser = signed_in(organisation.alice)
    assert "what ran before runs on" in home(browser)
    assert "what ran before runs on" not in home(signed_in(organisation.pia))
    browser = signed_in(organisation.alice)
    ChangeRequest.objects.filter(pk=failed.pk).update(finished_at=clock.now() - timedelta(days=8))
    assert "what ran before runs on" not in home(browser)


def test_what_is_not_as_it_was_sealed_is_unwell(
    organisation: Organisation, signed_in: SignIn, service: ServiceInstance
) -> None:
    browser = signed_in(organisation.alice)
    assert "is not as it was sealed" not in home(browser)
    DriftReport.objects.create(instance=service, release=service.current_release, status="drifted", changed=1)
    assert "is not as it was sealed" in home(browser)


def test_home_moves_by_itself_and_is_not_sent_twice(
    organisation: Organisation, signed_in: SignIn, service: ServiceInstance
) -> None:
    browser = signed_in(organisation.alice)
    first = browser.get("/home/live/")
    assert browser.get("/home/live/", headers={"If-None-Match": first["ETag"]}).status_code == 304
    ServiceInstance.objects.filter(pk=service.pk).update(health="wrong", health_message="A copy crashes.")
    again = browser.get("/home/live/", headers={"If-None-Match": first["ETag"]})
    assert "A copy crashes." in again.content.decode()


def test_somebody_new_is_led_to_the_next_thing_that_they_can_do(
    organisation: Organisation, signed_in: SignIn
) -> None:
    newcomer = signed_in(UserFactory(username="newcomer"))
    assert "Be in a team" in home(newcomer)
    assert "Register an application" not in home(newcomer)
    maintainer = signed_in(member("mae", TeamFactory(slug="new"), "maintainer"))
    assert "/applications/new/" in home(maintainer)
    alice = signed_in(organisation.alice)
    assert "/catalog/namespace/request/" in home(alice)


def test_the_first_steps_go_when_they_are_done_or_not_wanted(
    organisation: Organisation, signed_in: SignIn, service: ServiceInstance
) -> None:
    assert "First steps" not in home(signed_in(organisation.alice))
    pia = signed_in(organisation.pia)
    assert "First steps" in home(pia)
    assert pia.post("/home/welcomed/").status_code == 302
    assert "First steps" not in home(pia)


def test_each_role_has_first_steps_of_its_own(organisation: Organisation, signed_in: SignIn) -> None:
    for person, step in (
        ("olga", "Decide your first change"),
        ("pete", "Add a source of charts"),
        ("audrey", "Verify the trail"),
    ):
        assert step in home(signed_in(getattr(organisation, person))), person
