"""The policy library, a policy's page, and changing a mode after having seen what it would break."""

from __future__ import annotations

import re
from datetime import timedelta

from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal.core import clock
from portal.lifecycle.models import ServiceInstance, Violation
from portal.lifecycle.services import policy_modes
from tests.fixtures.organisation import Organisation
from tests.web.conftest import SignIn

LIVE = {"HX-Request": "true", "HX-Target": "library"}


# the library


def test_typing_narrows_the_library_and_filters_add_up(organisation: Organisation, signed_in: SignIn) -> None:
    browser = signed_in(organisation.alice)
    whole = browser.get("/policies/").content.decode()
    assert "/policies/image-tag/" in whole
    part = browser.get("/policies/?q=approved+registries", headers=LIVE).content.decode()
    assert not part.lstrip().startswith("<!doctype")
    assert re.findall(r'class="who" href="/policies/([^/]+)/"', part) == ["image-registries"]
    narrowed = browser.get("/policies/?category=Images&severity=critical").content.decode()
    assert re.findall(r'class="who" href="/policies/([^/]+)/"', narrowed) == ["image-registries"]
    nothing = browser.get("/policies/?q=zebra").content.decode()
    assert "No policy matches" in nothing


def test_going_back_in_the_browser_gives_the_whole_page(
    organisation: Organisation, signed_in: SignIn
) -> None:
    restored = {"HX-Request": "true", "HX-History-Restore-Request": "true"}
    response = signed_in(organisation.alice).get("/policies/?q=image", headers=restored)
    assert response.content.decode().lstrip().startswith("<!doctype")
    assert "HX-Request" in response.headers["Vary"]


def test_the_library_counts_only_what_one_may_see_and_marks_what_people_chose(
    organisation: Organisation, signed_in: SignIn, scanned: ServiceInstance
) -> None:
    policy_modes.set_mode(
        "replicas", organisation.environment("staging"), "off", actor=organisation.pete, reason="Too noisy."
    )
    mine = signed_in(organisation.alice).get("/policies/?found=violations").content.decode()
    assert '/policies/replicas/?tab=violations">1</a>' in mine
    assert "Chosen by pete, just now: Too noisy." in mine
    theirs = signed_in(organisation.pia).get("/policies/?found=violations").content.decode()
    assert "No policy matches" in theirs


def test_search_finds_policies(organisation: Organisation, signed_in: SignIn) -> None:
    found = signed_in(organisation.alice).get("/search/?q=approved").content.decode()
    assert '<a class="who" href="/policies/image-registries/">' in found


# one policy


def test_a_policys_page_teaches_what_why_and_how_to_fix_it(
    organisation: Organisation, signed_in: SignIn
) -> None:
    browser = signed_in(organisation.alice)
    page = browser.get("/policies/pod-privileged/").content.decode()
    for said in ("No privileged containers", "Why", "How to fix it", "within 7 days", "Ready fix", "PSS"):
        assert said in page, said
    assert "Change mode" not in page
    source = browser.get("/policies/pod-privileged/?tab=source").content.decode()
    assert "kind: ValidatingAdmissionPolicy\n" in source
    examples = browser.get("/policies/pod-privileged/?tab=examples").content.decode()
    assert ("Passes" in examples, "Refused" in examples) == (True, True)
    assert browser.get("/policies/no-such-policy/").status_code == 404


def test_violations_are_shown_with_their_date_and_only_to_those_who_may_see_them(
    organisation: Organisation, signed_in: SignIn, scanned: ServiceInstance
) -> None:
    browser = signed_in(organisation.alice)
    page = browser.get("/policies/replicas/?tab=violations").content.decode()
    assert ("Three replicas at the least." in page, "Overdue" in page) == (True, False)
    Violation.objects.update(due_at=clock.now() - timedelta(days=3))
    late = browser.get("/policies/replicas/?tab=violations").content.decode()
    assert "Overdue" in late
    assert f"/instances/{scanned.pk}/?tab=policy" in late
    other = signed_in(organisation.pia).get("/policies/replicas/?tab=violations").content.decode()
    assert ("shop-api" in other, "Nothing breaks it" in other) == (False, True)


def test_an_instance_shows_what_was_found_and_the_way_to_an_exception(
    organisation: Organisation, signed_in: SignIn, scanned: ServiceInstance
) -> None:
    address = f"/instances/{scanned.pk}/?tab=policy"
    mine = signed_in(organisation.alice).get(address).content.decode()
    assert f"/exceptions/new/?instance={scanned.pk}&amp;policy=replicas" in mine
    assert "<span>Judged <time" in mine
    looking = signed_in(organisation.audrey).get(address).content.decode()
    assert ("Three replicas" in looking, "/exceptions/new/" in looking) == (True, False)


def test_many_findings_cost_an_instances_page_no_more_queries(
    organisation: Organisation, signed_in: SignIn, scanned: ServiceInstance
) -> None:
    browser = signed_in(organisation.alice)
    address = f"/instances/{scanned.pk}/?tab=policy"

    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert "Ask for an exception" in browser.get(address).content.decode()
        return len(queries)

    few = cost()
    (found,) = Violation.objects.all()
    for number in range(20):
        found.pk, found.name = None, f"other-{number}"
        found.save()
    assert cost() == few
