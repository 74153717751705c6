"""What is posted to a real receiver: signed, bounded in time, tried again within bounds."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from datetime import timedelta
from pathlib import Path

import pytest

from portal.audit import delivering, tasks, webhook
from portal.audit.models import AuditEvent, Delivery
from portal.settings import channels
from tests.audit.notices import START, only, tell
from tests.fixtures.outside import SECRET, Mailbox, Receiver

pytestmark = pytest.mark.django_db


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
    assert time.monotonic() - started < 10
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


def test_an_address_inside_gets_nothing_unless_it_is_allowed(receiver: Receiver, settings):
    settings.SLIPWAY_OUTBOUND_ALLOWED = channels.outbound(())
    tell()
    tasks.deliver()
    assert receiver.posts == []
    assert only().state == Delivery.State.WAITING
    assert "SLIPWAY_OUTBOUND_ALLOWED" in only().last_error
    assert "127.0.0.1" not in only().last_error
