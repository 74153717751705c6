"""The decision page: what stands in the way, what is compared, and everything that can be pressed there."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal.core import clock
from portal.lifecycle.models import Approval, ChangeRequest, ServiceInstance
from portal.lifecycle.services import approvals, comments
from portal.lifecycle.states import ChangeState
from tests.fixtures.organisation import Organisation
from tests.fixtures.policies import UsePolicies
from tests.web.conftest import SignIn, ask, replicas
from tests.web.gate import compared, differing, gathered, post, rules, text
from tests.web.pages import Page

REASON = "The shop is down, and this brings it back."


def test_one_press_approves_when_nothing_is_in_the_way(
    organisation: Organisation, signed_in: SignIn, waiting: ChangeRequest
) -> None:
    browser = signed_in(organisation.olga)
    assert 'data-act="a" title=' in text(browser, waiting)
    assert post(browser, waiting, "approve").status_code == 302
    waiting.refresh_from_db()
    assert waiting.state == ChangeState.QUEUED


def test_evidence_that_the_gate_wants_and_lacks_disables_approving_and_says_why(
    organisation: Organisation, signed_in: SignIn, waiting: ChangeRequest
) -> None:
    rules(required_evidence={"policies": 60, "findings": 60})
    gathered(waiting, "policies")
    gathered(waiting, "findings", age=timedelta(days=9), summary="0 critical")
    browser = signed_in(organisation.olga)
    page = text(browser, waiting)
    assert 'data-act="a" disabled aria-describedby="not-yet-why"' in page
    assert "Cannot be approved yet." in page
    assert '0 critical <strong class="blocks">blocks</strong>' in page
    assert "older than 1 h" in page
    assert 'aria-label="Refresh: Findings"' in page
    assert 'aria-label="Refresh: Policies"' not in page
    refused = post(browser, waiting, "approve")
    assert (refused.status_code, Approval.objects.count()) == (409, 0)
    assert "Findings: older than 1 h" in refused.content.decode()


def test_refreshing_asks_a_worker_and_says_that_it_is_being_gathered(
    organisation: Organisation, signed_in: SignIn, waiting: ChangeRequest
) -> None:
    rules(required_evidence={"findings": 60})
    gathered(waiting, "findings", age=timedelta(days=9))
    ChangeRequest.objects.filter(pk=waiting.pk).update(evidence_asked_at=clock.now() - timedelta(hours=1))
    browser = signed_in(organisation.olga)
    assert "being gathered" not in text(browser, waiting)
    assert post(browser, waiting, "evidence").status_code == 302
    assert "being gathered" in text(browser, waiting)


def test_soaking_is_shown_live_and_blocks(
    organisation: Organisation, signed_in: SignIn, waiting: ChangeRequest
) -> None:
    rules(minimum_soak_minutes=24 * 60)
    page = text(signed_in(organisation.olga), waiting)
    assert "healthy for moments of 24 h" in page
    assert "24 h 0 min in the stage before" in page


def test_a_closed_window_is_said_and_does_not_keep_anybody_from_deciding(
    organisation: Organisation, signed_in: SignIn, waiting: ChangeRequest
) -> None:
    now = clock.now()
    organisation.environment("production").windows.create(
        kind="freeze", reason="Stock-taking", time_zone="UTC", starts_at=now - timedelta(days=1),
        ends_at=now + timedelta(days=1), saved_at=now,
    )  # fmt: skip
    page = text(signed_in(organisation.olga), waiting)
    assert "closed: Stock-taking; opens" in page
    assert "once approved it waits for that" in page
    assert 'data-act="a" title=' in page


def test_the_difference_is_against_what_is_live_once_that_is_gathered(
    organisation: Organisation, signed_in: SignIn, waiting: ChangeRequest
) -> None:
    browser = signed_in(organisation.olga)
    assert "Against what was sealed last" in text(browser, waiting)
    compared(waiting, [differing("web-env"), differing("old", "removed"), differing("quota", "same")])
    page = text(browser, waiting)
    assert "Against what is live (the tests)" in page
    assert "1 object changes, 1 removed" in page
    assert "<del>info</del> → <ins>new of web-env</ins>" in page
    assert "1 stays as it is" in page


def test_objects_that_differ_only_in_version_labels_come_last_and_folded(
    organisation: Organisation, signed_in: SignIn, waiting: ChangeRequest
) -> None:
    label = "metadata.labels.helm.sh/chart"
    compared(waiting, [differing("a-labels", field=label), differing("b-env"), differing("c-old", "removed")])
    page = text(signed_in(organisation.olga), waiting)
    assert "2 objects change, 1 of them only in version labels, 1 removed" in page
    rows = [
        page.index(f'<span class="mono break">ConfigMap/{name}') for name in ("b-env", "c-old", "a-labels")
    ]
    assert rows == sorted(rows)
    opened = [row.partition(">")[0] for row in page.split('<details class="object" data-key="diff-')[1:]]
    assert [row.endswith(" open") for row in opened] == [True, True, False]


def test_a_comparison_of_an_earlier_release_is_not_shown_as_this_one(
    organisation: Organisation, signed_in: SignIn, waiting: ChangeRequest
) -> None:
    compared(waiting, [differing("web-env")], digest="sha256:of-another")
    page = text(signed_in(organisation.olga), waiting)
    assert "Against what was sealed last" in page
    assert "new of web-env" not in page


def test_many_objects_are_written_out_only_when_they_are_unfolded(
    organisation: Organisation, signed_in: SignIn, waiting: ChangeRequest
) -> None:
    compared(waiting, [differing(f"config-{number:03}") for number in range(200)])
    browser = signed_in(organisation.olga)
    page = text(browser, waiting)
    assert "200 objects change" in page
    assert ("new of config-009" in page, "new of config-010" in page) == (True, False)
    address = f"/changes/{waiting.pk}/diff/?object=v1%2CConfigMap%2Cstorefront-production%2Cconfig-150"
    assert f'href="{address}" hx-get="{address}"' in page
    alone = browser.get(address)
    assert "new of config-150" in alone.content.decode()
    assert Page(alone.content.decode()).problems == []
    fragment = browser.get(address, headers={"HX-Request": "true"}).content.decode()
    assert "new of config-150" in fragment
    assert "<html" not in fragment
    assert browser.get(f"/changes/{waiting.pk}/diff/?object=nonsense").status_code == 404


def test_200_objects_cost_as_many_queries_as_two(
    organisation: Organisation, signed_in: SignIn, waiting: ChangeRequest
) -> None:
    browser = signed_in(organisation.olga)

    def cost(objects: int) -> int:
        waiting.evidence.all().delete()
        compared(waiting, [differing(f"config-{number}") for number in range(objects)])
        with CaptureQueriesContext(connection) as queries:
            assert browser.get(f"/changes/{waiting.pk}/").status_code == 200
        return len(queries)

    cost(1)
    assert cost(2) == cost(200)


def test_a_secret_is_in_no_difference(
    organisation: Organisation, signed_in: SignIn, service: ServiceInstance
) -> None:
    rules("dev", approvals_required=1)
    release = service.current_release
    assert release is not None
    values = {**release.inputs, "secretEnv": {"SESSION_KEY": "another-one"}}
    change = ask(organisation.alice, kind="update", instance=service.pk, values=values)
    browser = signed_in(organisation.olga)
    for tab in ("overview", "diff"):
        page = text(browser, change, tab)
        assert "another-one" not in page
        assert "do-not-show-this" not in page
        assert "••••••" in page


def test_those_who_took_part_are_named(
    organisation: Organisation, signed_in: SignIn, waiting: ChangeRequest
) -> None:
    waiting.contributors.add(organisation.bob, organisation.oscar)
    assert "bob and oscar took part, so they cannot decide" in text(signed_in(organisation.olga), waiting)
    page = text(signed_in(organisation.oscar), waiting)
    assert "You took part in this change" in page
    assert 'data-act="a"' not in page


def test_what_is_lacking_is_said_and_void_approvals_are_struck_through(
    organisation: Organisation, signed_in: SignIn, waiting: ChangeRequest
) -> None:
    rules(approvals_required=2)
    waiting.refresh_from_db()
    approvals.approve(waiting, actor=organisation.oscar, digest=waiting.seal)
    browser = signed_in(organisation.olga)
    assert "1 more approval" in text(browser, waiting)
    Approval.objects.update(digest="sha256:earlier")
    page = text(browser, waiting)
    assert '<s><strong>oscar</strong> approved</s> <span class="small">of an earlier release</span>' in page
    assert "2 more approvals" in page


def test_what_was_altered_since_it_was_sealed_is_named_and_can_be_sealed_again(
    organisation: Organisation, signed_in: SignIn, waiting: ChangeRequest, use_policies: UsePolicies
) -> None:
    sealed = waiting.seal
    use_policies(replicas("Warn"))
    page = text(signed_in(organisation.olga), waiting)
    assert "No longer what was sealed: policy bundle." in page
    assert "Somebody of Shop can seal it again." in page
    assert 'data-act="a" disabled' in page
    browser = signed_in(organisation.alice)
    assert "Seal again</button>" in text(browser, waiting)
    assert post(browser, waiting, "seal").status_code == 302
    waiting.refresh_from_db()
    assert waiting.seal != sealed
    assert "No longer what was sealed" not in text(signed_in(organisation.olga), waiting)


def test_asking_for_a_change_is_prominent_and_can_be_taken_back(
    organisation: Organisation, signed_in: SignIn, waiting: ChangeRequest
) -> None:
    oscar = signed_in(organisation.oscar)
    assert post(oscar, waiting, "ask", text="").status_code == 422
    assert post(oscar, waiting, "ask", text="Use the small plan, please.").status_code == 302
    page = text(signed_in(organisation.olga), waiting)
    assert "oscar asked for a change" in page
    assert 'data-act="a" disabled' in page
    assert "Take back" not in page
    assert "Change the request" in text(signed_in(organisation.alice), waiting)
    oscar = signed_in(organisation.oscar)
    assert "Take back" in text(oscar, waiting)
    wish = waiting.comments.get()
    assert oscar.post(f"/changes/{waiting.pk}/comments/{wish.pk}/settle/").status_code == 302
    assert 'data-act="a" title=' in text(signed_in(organisation.olga), waiting)


def test_everybody_who_sees_a_change_may_say_something(
    organisation: Organisation, signed_in: SignIn, waiting: ChangeRequest
) -> None:
    browser = signed_in(organisation.alice)
    empty = post(browser, waiting, "comments", text=" ")
    assert (empty.status_code, "Write what you want to say" in empty.content.decode()) == (422, True)
    response = post(browser, waiting, "comments", text="<b>Soon</b>, please.")
    assert response.headers["Location"] == f"/changes/{waiting.pk}/#comments"
    assert "&lt;b&gt;Soon&lt;/b&gt;, please." in text(browser, waiting)


def test_a_gate_that_wants_the_password_asks_for_it_beside_the_button(
    organisation: Organisation, signed_in: SignIn, waiting: ChangeRequest
) -> None:
    rules(reauthenticate=True)
    olga = organisation.olga
    olga.set_password("harbour")
    olga.save()
    browser = signed_in(olga)
    assert 'aria-label="Your password, to approve"' in text(browser, waiting)
    wrong = post(browser, waiting, "approve", password="wrong")
    assert wrong.status_code == 403
    assert "That is not your password" in wrong.content.decode()
    assert "wrong" not in Page(wrong.content.decode()).html.split('name="password"')[1].split(">")[0]
    assert post(browser, waiting, "approve", password="harbour").status_code == 302


def test_a_held_change_says_what_it_waits_for(
    organisation: Organisation, signed_in: SignIn, waiting: ChangeRequest
) -> None:
    ChangeRequest.objects.filter(pk=waiting.pk).update(
        state=ChangeState.QUEUED,
        held="the opening of Production at Mon 09:00 (freeze)",
        decided_at=clock.now(),
    )
    page = text(signed_in(organisation.alice), waiting)
    assert "Approved; waits for the opening of Production at Mon 09:00 (freeze) since" in page


def test_the_live_part_moves_with_evidence_comments_and_seals(
    organisation: Organisation, signed_in: SignIn, waiting: ChangeRequest
) -> None:
    browser = signed_in(organisation.olga)
    address = f"/changes/{waiting.pk}/live/"
    seen = browser.get(address).headers["ETag"]

    def moved() -> bool:
        nonlocal seen
        response = browser.get(address, headers={"If-None-Match": seen})
        before, seen = seen, response.headers["ETag"]
        return response.status_code == 200 and before != seen

    assert not moved()
    gathered(waiting, "policies")
    assert moved()
    comments.say(waiting, actor=organisation.alice, text="Soon, please.")
    assert moved()
    wish = comments.ask_for_change(waiting, actor=organisation.oscar, digest=waiting.seal, text="Smaller.")
    assert moved()
    comments.settle(wish, actor=organisation.oscar)
    assert moved()
    rules(required_evidence={"findings": 60})
    assert moved()
    assert not moved()


@pytest.mark.parametrize("what", ["approve", "reject", "ask", "seal", "evidence", "review", "break-glass"])
def test_strangers_to_a_team_find_nothing(
    what: str, organisation: Organisation, signed_in: SignIn, waiting: ChangeRequest
) -> None:
    assert post(signed_in(organisation.pia), waiting, what, reason=REASON).status_code == 404
