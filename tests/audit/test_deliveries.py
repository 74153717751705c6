"""What leaves the portal by e-mail, to a real server; and that of any number of workers one sends."""

from __future__ import annotations

from datetime import timedelta

import pytest

from portal.audit import delivering, inbox, tasks
from portal.audit.models import Delivery, Notification
from tests.audit.notices import only, tell
from tests.factories import UserFactory
from tests.fixtures.outside import Mailbox, Receiver

pytestmark = pytest.mark.django_db


# ------------------------------------------------------------------ e-mail
def test_an_email_says_the_sentence_and_where_to_read_on(mailbox: Mailbox, olga):
    tell(olga)
    assert tasks.deliver() == 1
    (message,) = mailbox.messages
    assert message["To"] == "olga@example.com"
    assert message["From"] == "Slipway <slipway@example.org>"
    assert message["Subject"] == "Urgent: Olga passed the gate of production for storefront."
    assert message["Message-ID"] == f"<{only().pk}@example.org>"
    text = message.get_content()
    assert "https://portal.example.org/changes/1/" in text
    assert "https://portal.example.org/notifications/" in text


def test_a_server_that_is_busy_is_asked_again(at, mailbox: Mailbox, olga):
    mailbox.answers = {"MAIL": ["451 later"]}
    tell(olga)
    tasks.deliver()
    assert (only().state, only().last_error) == (Delivery.State.WAITING, "The mail server answered 451.")
    at(timedelta(seconds=7))
    tasks.deliver()
    assert mailbox.recipients == ["olga@example.com"]


def test_an_address_that_does_not_exist_is_given_up_at_once_and_others_still_hear(mailbox: Mailbox, olga):
    mailbox.answers = {"RCPT": ["550 no such user"]}
    tell(olga, UserFactory(username="oscar"))
    tasks.deliver()
    assert len(mailbox.messages) == 1
    failed = Delivery.objects.get(state=Delivery.State.FAILED)
    assert failed.last_error == "The address was refused (550)."


def test_an_address_that_cannot_be_written_hinders_nobody(mailbox: Mailbox):
    tell(UserFactory(email="nobody@nowhere\nBcc: all@example.com"), UserFactory(username="oscar"))
    tasks.deliver()
    assert mailbox.recipients == ["oscar@example.com"]
    assert Delivery.objects.filter(state=Delivery.State.FAILED).count() == 1


def test_what_was_read_meanwhile_is_not_sent_again(at, mailbox: Mailbox, olga):
    mailbox.answers = {"MAIL": ["451 later"]}
    tell(olga)
    tasks.deliver()
    inbox.read(Notification.objects.get())
    at(timedelta(minutes=1))
    tasks.deliver()
    assert mailbox.messages == []
    assert only().state == Delivery.State.DROPPED


def test_a_mail_server_that_is_away_does_not_keep_the_webhook_from_hearing(
    mailbox: Mailbox, receiver: Receiver, settings, olga
):
    settings.EMAIL_PORT = 1
    tell(olga)
    tasks.deliver()
    assert len(receiver.posts) == 1
    assert Delivery.objects.get(channel="email").last_error == "The mail server cannot be reached."


# ------------------------------------------------------------------ claims
def test_a_second_delivery_of_the_wake_up_sends_nothing(mailbox: Mailbox, receiver: Receiver, olga):
    tell(olga)
    assert tasks.deliver() == 2
    assert tasks.deliver() == 0
    assert (len(mailbox.messages), len(receiver.posts)) == (1, 1)


def test_what_a_lost_worker_claimed_is_due_again_and_its_late_words_count_no_more(at, receiver: Receiver):
    tell()
    lost = delivering.take(only().pk)
    assert lost is not None
    assert delivering.take(only().pk) is None
    at(delivering.ATTEMPT)
    assert tasks.deliver() == 1
    delivering.put_off(lost, "from the dead")
    assert (only().state, only().attempts, only().last_error) == (Delivery.State.SENT, 2, "")


def test_attempts_that_never_end_are_bounded_too(at, receiver: Receiver):
    tell()
    Delivery.objects.update(attempts=delivering.MOST_ATTEMPTS)
    tasks.deliver()
    assert receiver.posts == []
    assert only().state == Delivery.State.FAILED


def test_the_wake_up_is_sent_when_the_decision_is_committed(
    receiver: Receiver, monkeypatch, django_capture_on_commit_callbacks
):
    monkeypatch.setattr(tasks.deliver, "apply_async", tasks.deliver)
    with django_capture_on_commit_callbacks(execute=True):
        tell()
        assert receiver.posts == []
    assert len(receiver.posts) == 1
