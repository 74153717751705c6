"""Teams' quotas in the browser: seen, raised, decided."""

from __future__ import annotations

import pytest

from portal.lifecycle.models import QuotaPool, QuotaRaise
from tests.fixtures.organisation import Organisation
from tests.lifecycle.helpers import ask
from tests.lifecycle.pools.scene import NAMESPACE, SMALL, ask_for, limit
from tests.web.conftest import SignIn

TEAM = "/teams/shop/quota/"


@pytest.fixture
def pool(organisation: Organisation) -> QuotaPool:
    return limit(organisation, SMALL)


def test_a_team_sees_what_is_claimed_by_whom_and_where_nothing_is_limited(
    organisation: Organisation, signed_in: SignIn, pool: QuotaPool
) -> None:
    ask(organisation.alice, **NAMESPACE)
    page = signed_in(organisation.alice).get(TEAM).content.decode()
    for said in ("<strong>4</strong> of 4 claimed, 0 left", "storefront-dev", "Not limited", "Ask for more"):
        assert said in page, said
    assert "Set limits" not in page


def test_a_raise_is_worked_out_and_writes_nothing(
    organisation: Organisation, signed_in: SignIn, pool: QuotaPool
) -> None:
    browser = signed_in(organisation.alice)
    page = browser.post(f"{TEAM}dev/raise/", {"requests_cpu": "8", "simulate": "yes"}).content.decode()
    assert "4 → <strong>8</strong>" in page
    assert not QuotaRaise.objects.exists()


def test_a_raise_goes_from_the_team_over_home_to_a_second_person(
    organisation: Organisation, signed_in: SignIn, pool: QuotaPool
) -> None:
    typed = {"requests_cpu": "8", "requests_memory": "16Gi", "pods": "50", "reason": "The sale."}
    alice = signed_in(organisation.alice)
    asked = alice.post(f"{TEAM}dev/raise/", typed)
    assert asked.status_code == 302
    assert "Grant…" not in alice.get(asked["Location"]).content.decode()
    olga = signed_in(organisation.olga)
    assert "Larger quota for" in olga.get("/").content.decode()
    page = olga.get(asked["Location"]).content.decode()
    assert ("Grant…" in page, "Reject…" in page, "The sale." in page) == (True, True, True)
    granted = olga.post(f"{asked['Location']}grant/", {"comment": "There are nodes."})
    assert granted.status_code == 302
    pool.refresh_from_db()
    assert pool.limits == SMALL | {"requests.cpu": "8", "requests.memory": "16Gi"}
    assert "There are nodes." in signed_in(organisation.alice).get(asked["Location"]).content.decode()


def test_what_is_wrong_stands_beside_its_field(
    organisation: Organisation, signed_in: SignIn, pool: QuotaPool
) -> None:
    browser = signed_in(organisation.alice)
    answer = browser.post(f"{TEAM}dev/raise/", {"requests_cpu": "lots", "reason": "The sale."})
    page = answer.content.decode()
    assert (answer.status_code, "Give a quantity as Kubernetes has it" in page) == (422, True)
    assert 'value="lots"' in page


def test_a_limit_below_what_is_claimed_names_what_claims_it(
    organisation: Organisation, signed_in: SignIn
) -> None:
    ask(organisation.alice, **NAMESPACE)
    browser = signed_in(organisation.pete)
    answer = browser.post(f"{TEAM}dev/limits/", {"requests_cpu": "3", "reason": "The cluster is small."})
    assert (answer.status_code, "storefront-dev 4" in answer.content.decode()) == (422, True)
    done = browser.post(f"{TEAM}dev/limits/", {"requests_cpu": "6", "reason": "The cluster is small."})
    assert done.status_code == 302
    assert QuotaPool.objects.get().limits == {"requests.cpu": "6"}
    assert "4 of 6" in browser.get("/platform/pools/").content.decode()


def test_a_raise_against_limits_of_before_cannot_be_granted(
    organisation: Organisation, signed_in: SignIn, pool: QuotaPool
) -> None:
    asked = ask_for(organisation, {"pods": "60"})
    limit(organisation, {"pods": "40"})
    browser = signed_in(organisation.olga)
    page = browser.get(f"/quota-raises/{asked.pk}/").content.decode()
    assert ("limits have changed since" in page, "Grant…" in page) == (True, False)
    assert browser.post(f"/quota-raises/{asked.pk}/grant/").status_code == 409


def test_the_request_of_a_namespace_shows_its_teams_quota(
    organisation: Organisation, signed_in: SignIn, pool: QuotaPool
) -> None:
    limit(organisation, {"pods": "10"})
    browser = signed_in(organisation.alice)
    about = {"application": "storefront", "environment": "dev", "plan": "small"}
    page = browser.post("/catalog/namespace/request/preview/", about).content.decode()
    assert ("Quota of the team" in page, "What claims it, and how to ask for more" in page) == (True, True)
