"""What a password may be, and who may change one."""

from __future__ import annotations

import pytest

from portal.accounts.models import User
from portal.audit.models import AuditEvent
from tests.security.conftest import PASSWORD, Browser
from tests.security.test_sessions import NEW, change_password, signed_in


@pytest.mark.parametrize(
    ("new", "why"),
    [
        ("short pass", "at least 12 characters"),
        ("password1234", "too common"),
        ("alice@example", "too similar"),
        ("Slipway2026!", "many would try first"),
        ("kubernetes-kubernetes", "many would try first"),
        ("x" * 257, "at most 256 characters"),
        (PASSWORD, "that you have already"),
    ],
)
def test_a_bad_password_is_refused_with_the_reason(alice: User, new: str, why: str) -> None:
    browser = signed_in()
    answer = change_password(browser, new=new)
    assert answer.status_code == 422
    assert why in answer.content.decode()
    assert new not in answer.content.decode()
    assert User.objects.get(pk=alice.pk).check_password(PASSWORD)


@pytest.mark.parametrize(
    "new",
    ["twelve chars", "no digits no capitals", "ünïcødé ✓ wörks tøø", "7" + "y" * 200, " spaces around it "],
)
def test_no_composition_is_asked_for_and_long_ones_are_welcome(alice: User, new: str) -> None:
    assert change_password(signed_in(), new=new).status_code == 302
    assert Browser().sign_in("alice", new).status_code == 302


def test_the_present_password_is_asked_for(alice: User) -> None:
    browser = signed_in()
    answer = change_password(browser, current="not mine")
    assert (answer.status_code, "Nothing was changed" in answer.content.decode()) == (422, True)
    assert User.objects.get(pk=alice.pk).check_password(PASSWORD)
    assert AuditEvent.objects.filter(action="password.refused", actor=alice).count() == 1


def test_a_stolen_session_cannot_try_passwords_for_ever(alice: User) -> None:
    browser = signed_in()
    statuses = [change_password(browser, current=f"guess {n}").status_code for n in range(6)]
    assert statuses == [422] * 5 + [429]
    assert change_password(browser).status_code == 429


def test_two_that_differ_are_refused(alice: User) -> None:
    answer = change_password(signed_in(), again="something else entirely")
    assert (answer.status_code, "not the same" in answer.content.decode()) == (422, True)


def test_fields_can_be_pasted_into_and_filled_by_a_password_manager(alice: User) -> None:
    page = signed_in().get("/me/password/").content.decode()
    assert page.count('autocomplete="new-password"') == 2
    assert 'autocomplete="current-password"' in page
    assert "onpaste" not in page
    assert "up to 256 characters" in page


def test_words_of_this_organisation_are_refused_where_they_are_set() -> None:
    from portal.settings.base import validators

    words = validators(("acme",))[-1]["OPTIONS"]["words"]
    assert "acme" in words
    assert "slipway" in words


def test_passwords_are_never_shown_again(alice: User) -> None:
    answer = change_password(signed_in(), new=NEW, again="x" * 20)
    assert NEW not in answer.content.decode()
    assert PASSWORD not in answer.content.decode()
