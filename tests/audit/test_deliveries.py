"""What leaves the portal, to real servers: signed, tried again within bounds, and never twice."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from portal.accounts.models import User
from portal.audit import delivering, inbox, tasks, webhook
from portal.audit.models import AuditEvent, Delivery, Notification
from portal.audit.notifying import notify
from portal.core import clock
from portal.settings import channels
from tests.factories import UserFactory
from tests.fixtures.outside import SECRET, Mailbox, Receiver

pytestmark = pytest.mark.django_db
START = datetime.fromisoformat("2026-03-02T09:00:00+00:00")


@pytest.fixture
def at(monkeypatch):
    """Move the clock that all of the portal reads."""

    def move(after: timedelta) -> None:
        monkeypatch.setattr(clock, "now", lambda: START + after)

    move(timedelta())
    return move


@pytest.fixture
def olga() -> User:
    return UserFactory(username="olga")


def tell(*users: User, key: str = "glass 1", urgent: bool = True):
    text = "Olga passed the gate of production for storefront."
    return notify(users, topic="gate.passed", text=text, url="/changes/1/", key=key, urgent=urgent)


def only() -> Delivery:
    return Delivery.objects.get()


# ------------------------------------------------------------------ webhook
def test_a_post_is_signed_as_the_standard_says(at, receiver: Receiver):
    tell()
    tasks.deliver()
    ((headers, body),) = receiver.posts
    identity, timestamp = headers["webhook-id"], headers["webhook-timestamp"]
    key = base64.b64decode(SECRET.removeprefix("whsec_"))
    expected = hmac.new(key, f"{identity}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    assert headers["webhook-signature"] == f"v1,{base64.b64encode(expected).decode()}"
    assert identity == str(only().pk)
    assert int(timestamp) == START.timestamp()
    assert headers["content-type"] == "application/json"
    assert json.loads(body) == {
        "id": identity,
        "topic": "gate.passed",
        "text": "Olga passed the gate of production for storefront.",
        "url": "https://portal.example.org/changes/1/",
        "urgent": True,
        "at": "2026-03-02T09:00:00+00:00",
    }
    assert only().state == Delivery.State.SENT


def test_the_signature_is_that_of_the_standards_own_example():
    key = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    signed = webhook.sign(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_while_a_secret_is_changed_both_sign(receiver: Receiver, settings):
    newer = "whsec_" + base64.b64encode(b"the key that comes after the first").decode()
    for name, value in channels.webhook(receiver.url, (newer, SECRET)).items():
        setattr(settings, name, value)
    tell()
    tasks.deliver()
    signatures = receiver.posts[0][0]["webhook-signature"].split(" ")
    assert len(set(signatures)) == 2


def test_after_a_500_it_is_tried_again_under_the_same_id_and_a_new_time(at, receiver: Receiver):
    receiver.statuses = [500]
    tell()
    tasks.deliver()
    assert (only().state, only().last_error) == (Delivery.State.WAITING, "It answered 500.")
    tasks.deliver()
    assert len(receiver.posts) == 1  # not at once
    at(timedelta(seconds=7))
    tasks.deliver()
    (first, _), (second, _) = receiver.posts
    assert first["webhook-id"] == second["webhook-id"]
    assert int(second["webhook-timestamp"]) - int(first["webhook-timestamp"]) == 7
    assert (only().state, only().attempts, only().last_error) == (Delivery.State.SENT, 2, "")


def test_it_is_given_up_after_a_bounded_number_of_attempts_and_that_is_audited(at, receiver: Receiver):
    receiver.statuses = [503] * 100
    tell()
    later = timedelta()
    for _ in range(50):
        tasks.deliver()
        later += timedelta(hours=20)
        at(later)
    assert len(receiver.posts) == len(delivering.PAUSES) + 1
    assert only().state == Delivery.State.FAILED
    event = AuditEvent.objects.get(action="notification.undelivered")
    assert event.after["error"] == "It answered 503."
    assert event.after["text"].startswith("Olga passed the gate")


def test_pauses_grow_and_never_fall_on_the_same_moment(at, receiver: Receiver):
    receiver.statuses = [500] * 40
    pauses = []
    for number in range(10):
        tell(key=f"number {number}")
        tasks.deliver()
        pauses.append(Delivery.objects.get(key=f"number {number}").next_attempt_at - START)
    assert len(set(pauses)) > 1
    assert all(timedelta(seconds=4) <= pause <= timedelta(seconds=6) for pause in pauses)
    assert list(delivering.PAUSES) == sorted(delivering.PAUSES)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_redirects_are_not_followed(receiver: Receiver, status):
    receiver.statuses = [status]
    tell()
    tasks.deliver()
    assert receiver.paths == ["/hooks/slipway?room=ops"]
    assert only().last_error == f"It answered {status}."


def test_who_answers_gone_is_asked_no_more(receiver: Receiver):
    receiver.statuses = [410]
    tell()
    tasks.deliver()
    assert only().state == Delivery.State.FAILED


@pytest.mark.parametrize("slow", [False, True], ids=["silent", "a byte now and then"])
def test_silence_ends_after_the_timeout(receiver: Receiver, monkeypatch, slow):
    monkeypatch.setattr(webhook, "SECONDS", 0.4)
    receiver.slow = slow
    if not slow:
        receiver.silent.set()
    tell()
    started = time.monotonic()
    tasks.deliver()
    assert time.monotonic() - started < 3
    assert (only().state, only().last_error) == (Delivery.State.WAITING, "It did not answer in time.")


@pytest.mark.parametrize(("asked", "waits"), [("600", 600), ("999999999", 3600), ("tomorrow", 5), ("-1", 5)])
def test_who_asks_for_a_pause_gets_it_within_bounds(at, receiver: Receiver, asked, waits):
    receiver.statuses, receiver.headers = [429], {"Retry-After": asked}
    tell()
    tasks.deliver()
    assert (only().next_attempt_at - START).total_seconds() == pytest.approx(waits, abs=1)


def test_what_is_no_answer_in_http_is_tried_again(mailbox: Mailbox, receiver: Receiver, settings):
    settings.SLIPWAY_WEBHOOK_URL = f"http://127.0.0.1:{mailbox.port}/"
    tell()
    tasks.deliver()
    assert (only().state, only().last_error) == (Delivery.State.WAITING, "It cannot be reached.")


def test_nobody_waits_for_one_timeout_after_another(receiver: Receiver):
    receiver.statuses = [500]
    for number in range(5):
        tell(key=f"number {number}")
    assert tasks.deliver() == 0
    assert len(receiver.posts) == 1
    assert tasks.deliver() == 4


def test_a_closed_port_is_said_without_the_address(receiver: Receiver, settings):
    settings.SLIPWAY_WEBHOOK_URL = "http://127.0.0.1:1/secret-token"
    tell()
    tasks.deliver()
    assert only().last_error == "It cannot be reached."


def test_what_was_taken_away_is_dropped(receiver: Receiver, settings):
    tell()
    settings.SLIPWAY_WEBHOOK_URL = ""
    tasks.deliver()
    assert only().state == Delivery.State.DROPPED


def test_a_certificate_that_nobody_trusts_gets_nothing(tls_receiver: tuple[Receiver, Path]):
    tell()
    tasks.deliver()
    assert tls_receiver[0].posts == []
    assert only().last_error == "Its certificate could not be verified."


@pytest.mark.parametrize("slow", [False, True])
def test_over_tls_it_is_the_same(tls_receiver: tuple[Receiver, Path], monkeypatch, slow):
    receiver, certificate = tls_receiver
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    monkeypatch.setattr(webhook, "SECONDS", 1.0 if slow else 5.0)
    receiver.slow = slow
    tell()
    assert tasks.deliver() == (0 if slow else 1)
    assert only().last_error == ("It did not answer in time." if slow else "")


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
