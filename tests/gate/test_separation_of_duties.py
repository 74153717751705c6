"""Who × what × by which way: nobody decides on their own change by any path."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from portal.accounts.models import PlatformRole, User
from portal.core import clock
from portal.core.errors import SealBroken
from portal.lifecycle.models import Approval, BreakGlass, ChangeRequest
from portal.lifecycle.operations import admittance
from portal.lifecycle.states import ChangeState
from portal.urls import urlpatterns
from tests.api.conftest import Api
from tests.gate.conftest import Gate

pytestmark = pytest.mark.django_db

REASON = "The shop is down and this brings it back."
# The one table. Whoever is not in an entry is refused; who does not see the change finds nothing.
MAY: dict[str, set[str]] = {
    "alice": {"cancel"},  # asked for it
    "bob": {"cancel"},  # made what is promoted
    "dora": {"cancel"},  # another developer of the team
    "mona": {"cancel"},  # a maintainer
    "mona on call": {"cancel", "break-glass"},
    "pia": set(),  # of another team
    "olga": {"approve", "reject", "cancel", "break-glass"},
    "pete": set(),  # platform engineer
    "audrey": set(),  # auditor
    "alice's robot": {"cancel"},  # a service account that acts for her
    "operating robot": {"cancel"},  # a service account with an operator's role
    "alice, since made an operator": {"cancel"},
    "bob, since made an operator": {"cancel", "break-glass"},
}
UNSEEN = {"pia"}
ACTIONS = {
    "approve": ("change.approved", {"comment": "fine"}),
    "reject": ("change.rejected", {"comment": "not on Friday"}),
    "cancel": ("change.cancelled", {"comment": "not needed"}),
    "break-glass": ("gate.passed", {"reason": REASON}),
}
AFTER = {
    "approve": ChangeState.QUEUED,
    "reject": ChangeState.REJECTED,
    "cancel": ChangeState.CANCELLED,
    "break-glass": ChangeState.QUEUED,
}
NO_OPERATOR_YET = {"alice", "bob"}


def actor(gate: Gate, who: str) -> User:
    """The person as they are now: some have been made operators since, unless the test is about before."""
    user = gate.people[who]
    if who in NO_OPERATOR_YET:
        PlatformRole.objects.filter(user=user).delete()
    return User.objects.get(pk=user.pk)


def by_api(user: User, change: ChangeRequest, action: str) -> int:
    body = dict(ACTIONS[action][1])
    if action != "cancel":
        body["digest"] = change.seal
    return int(Api(user).post(f"changes/{change.pk}/{action}/", body).status_code)


def by_page(user: User, change: ChangeRequest, action: str) -> int:
    client = Client()
    client.force_login(user)
    form: dict[str, Any] = {**ACTIONS[action][1], "digest": change.seal, "confirm": change.environment.slug}
    return int(client.post(reverse(f"web:changes-{action}", args=[change.pk]), form).status_code)


WAYS = {"api": (by_api, 200), "page": (by_page, 302)}


@pytest.mark.parametrize(("who", "action", "way"), list(itertools.product(MAY, ACTIONS, WAYS)))
def test_the_table(gate: Gate, who: str, action: str, way: str) -> None:
    call, done = WAYS[way]
    user = actor(gate, who)
    status = call(user, gate.change, action)
    gate.change.refresh_from_db()
    if action in MAY[who]:
        assert status == done
        assert gate.change.state == AFTER[action]
    else:
        assert status == (404 if who in UNSEEN else 403)
        assert gate.change.state == ChangeState.AWAITING_APPROVAL
        assert not Approval.objects.exists()
        assert not BreakGlass.objects.exists()


@pytest.mark.parametrize("who", MAY)
def test_there_is_no_administration_site_beside_it(gate: Gate, who: str) -> None:
    """Models are not registered anywhere: no address leads to a form that writes approvals or changes."""
    client = Client()
    client.force_login(actor(gate, who))
    for path in (
        "/admin/",
        "/admin/lifecycle/approval/add/",
        f"/admin/lifecycle/changerequest/{gate.change.pk}/change/",
    ):
        assert client.get(path).status_code == 404
        assert client.post(path, {"state": "queued"}).status_code == 404
    assert not any("admin.site" in repr(pattern) for pattern in urlpatterns)


@pytest.mark.parametrize("who", sorted(set(MAY) - {"olga"}))
def test_a_row_written_past_the_portal_does_not_count(gate: Gate, who: str) -> None:
    """An approval put into the database by hand: the database refuses one's own, the worker all others."""
    user, change = actor(gate, who), gate.change
    try:
        with transaction.atomic():
            Approval.objects.create(
                change=change,
                actor=user,
                requester=change.requested_by,
                decision=Approval.Decision.APPROVED,
                digest=change.seal,
                at=clock.now(),
            )
    except IntegrityError:
        assert user == change.requested_by
        return
    assert user != change.requested_by
    ChangeRequest.objects.filter(pk=change.pk).update(state=ChangeState.QUEUED, run_after=clock.now())
    with pytest.raises(SealBroken, match="wants 1 more approval"):
        admittance.check(ChangeRequest.objects.for_execution().get(pk=change.pk))


@pytest.mark.parametrize("who", sorted(who for who in MAY if "break-glass" not in MAY[who]))
def test_a_gate_passed_by_a_row_of_somebody_who_may_not_is_not_passed(gate: Gate, who: str) -> None:
    BreakGlass.objects.create(
        change=gate.change,
        actor=actor(gate, who),
        reason=REASON,
        digest=gate.change.seal,
        at=clock.now(),
        review_due_at=clock.now(),
    )
    with pytest.raises(SealBroken, match="may not do that now"):
        admittance.check(ChangeRequest.objects.for_execution().get(pk=gate.change.pk))


def test_the_operators_consent_is_the_one_that_counts(gate: Gate) -> None:
    """The control of the two above."""
    assert by_api(gate.people["olga"], gate.change, "approve") == 200
    admittance.check(ChangeRequest.objects.for_execution().get(pk=gate.change.pk))


@pytest.mark.parametrize(
    "who", ["mona on call", "alice, since made an operator", "bob, since made an operator"]
)
def test_who_passed_the_gate_or_had_a_part_does_not_review_it(gate: Gate, who: str) -> None:
    assert by_api(actor(gate, "mona on call"), gate.change, "break-glass") == 200
    body = {"review": "justified", "comment": "It was down."}
    assert (
        Api(actor(gate, who)).post(f"changes/{gate.change.pk}/break-glass/review/", body).status_code == 403
    )
    assert (
        Api(actor(gate, "olga")).post(f"changes/{gate.change.pk}/break-glass/review/", body).status_code
        == 200
    )
