"""Everybody is told once: in the portal always, by e-mail as they wish, the webhook for all of them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from portal.accounts.models import User
from portal.audit import inbox, tasks
from portal.audit.models import AuditEvent, Delivery, Notification, NotificationPreference
from portal.audit.notifying import notify
from portal.audit.recording import record
from portal.core import clock
from tests.factories import UserFactory
from tests.fixtures.outside import Mailbox, Receiver

pytestmark = pytest.mark.django_db


def tell(*users: User, key: str = "change 1 waits", **more):
    about = {"topic": "change.waiting", "text": "Storefront waits for you.", "url": "/changes/1/", **more}
    return notify(users, **about, key=key)


def test_everybody_is_told_once_however_often_it_is_said(olga):
    oscar = UserFactory(username="oscar")
    assert [row.user for row in tell(olga, olga)] == [olga]
    assert [row.user for row in tell(olga, oscar)] == [oscar]
    assert tell(olga, oscar) == []
    assert Notification.objects.count() == 2


def test_it_costs_the_same_queries_for_three_people_and_for_thirty(
    mailbox: Mailbox, receiver: Receiver, django_assert_num_queries
):
    for count in (3, 30):
        people = [UserFactory() for _ in range(count)]
        with django_assert_num_queries(6):  # a savepoint and its end, three writes with what they found
            tell(*people, key=f"for {count}", urgent=True)


def test_what_is_rolled_back_was_never_said(olga, receiver: Receiver):
    with transaction.atomic():
        tell(olga)
        transaction.set_rollback(True)
    assert not Notification.objects.exists()
    assert not Delivery.objects.exists()


def test_who_has_left_is_not_told():
    assert tell(UserFactory(is_active=False)) == []


def test_a_notice_knows_the_event_that_it_is_about(olga):
    event = record("session.opened", olga, actor=olga)
    assert tell(olga, event=event)[0].event == event


def test_a_sentence_is_one_line_and_is_cut_when_it_is_too_long(olga):
    text = tell(olga, text="Storefront\r\nBcc: everybody@example.com " + "waits " * 100)[0].text
    assert "\n" not in text
    assert len(text) <= 300
    assert text.endswith("…")


@pytest.mark.parametrize("url", ["https://elsewhere.example", "//elsewhere.example", "changes/1/", ""])
def test_a_notice_leads_nowhere_but_into_the_portal(olga, url):
    with pytest.raises(ValueError, match=r"url|leads"):
        tell(olga, url=url)
    row = Notification(user=olga, key="k", topic="t", text="t", url=url, created_at=clock.now())
    with pytest.raises(IntegrityError), transaction.atomic():
        row.save()


@pytest.mark.parametrize("words", [{"key": ""}, {"key": "k" * 151}, {"topic": "t" * 61}])
def test_a_notice_without_a_usable_name_is_a_mistake_of_the_caller(olga, words):
    with pytest.raises(ValueError, match="must have"):
        tell(olga, **words)


# ------------------------------------------------------------------ who gets what by e-mail
@pytest.mark.parametrize(
    ("chosen", "urgent", "comes"),
    [
        (None, True, True),
        (None, False, False),
        ("urgent", True, True),
        ("urgent", False, False),
        ("all", False, True),
        ("none", True, False),
    ],
)
def test_what_comes_by_email_is_ones_own_choice(mailbox: Mailbox, olga, chosen, urgent, comes):
    if chosen:
        inbox.prefer(olga, email=chosen)
    tell(olga, urgent=urgent)
    tasks.deliver()
    assert mailbox.recipients == (["olga@example.com"] if comes else [])


def test_without_a_mail_server_and_a_webhook_nothing_waits_to_be_sent(olga):
    tell(olga, urgent=True)
    assert not Delivery.objects.exists()


def test_who_has_no_address_is_told_in_the_portal_only(mailbox: Mailbox):
    assert len(tell(UserFactory(email=""), urgent=True)) == 1
    assert not Delivery.objects.exists()


def test_a_choice_is_audited_and_once_only(olga):
    inbox.prefer(olga, email=NotificationPreference.Email.ALL)
    inbox.prefer(olga, email=NotificationPreference.Email.ALL)
    event = AuditEvent.objects.get(action="notification.preferred")
    assert (event.actor, event.before, event.after) == (olga, {"email": "urgent"}, {"email": "all"})


# ------------------------------------------------------------------ reading
def test_reading_is_remembered_once(olga, monkeypatch):
    (told,) = tell(olga)
    inbox.read(told)
    first = Notification.objects.get().read_at
    inbox.read(Notification.objects.get())
    assert Notification.objects.get().read_at == first


def test_what_came_after_the_page_was_made_stays_unread(olga):
    tell(olga, key="before")
    made = clock.now()
    tell(olga, key="after")
    assert inbox.read_all(olga, until=made) == 1
    assert [row.key for row in Notification.objects.unread()] == ["after"]
    assert inbox.read_all(olga) == 1


def test_nobody_reads_for_somebody_else(olga):
    tell(olga)
    assert inbox.read_all(UserFactory(username="oscar")) == 0
    assert inbox.unread_of(olga).count == 1


def test_the_bell_counts_to_a_hundred_and_knows_what_is_urgent(olga, django_assert_num_queries):
    for number in range(101):
        tell(olga, key=str(number), urgent=number == 100)
    with django_assert_num_queries(1):
        unread = inbox.unread_of(olga)
        assert (unread.label, unread.urgent) == ("99+", True)


def test_the_webhook_hears_once_of_what_many_are_told(receiver: Receiver):
    tell(*[UserFactory() for _ in range(5)])
    tell(UserFactory())
    notify([], topic="gate.passed", text="Nobody is there to be told.", url="/changes/2/", key="nobody")
    tasks.deliver()
    assert len(receiver.posts) == 2


def test_what_was_read_long_ago_is_forgotten_and_what_is_unread_is_not(olga, receiver: Receiver, monkeypatch):
    (read,), _ = tell(olga, key="read"), tell(olga, key="unread")
    inbox.read(read)
    tasks.deliver()
    later = clock.now() + inbox.KEPT + timedelta(seconds=1)
    monkeypatch.setattr(clock, "now", lambda: later)
    tasks.forget_notices()
    assert [row.key for row in Notification.objects.all()] == ["unread"]
    assert not Delivery.objects.exists()
