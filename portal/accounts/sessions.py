"""Where sessions are kept, and when they end. Named by Django's setting SESSION_ENGINE."""

from __future__ import annotations

import hashlib
import uuid
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore

from portal.accounts.models import BrowserSession, User
from portal.core import clock

OPENED, SEEN, HANDLE, AGENT, ADDRESS = "opened_at", "seen_at", "handle", "agent", "address"
# so that a page a second does not become a write a second
PRECISION = timedelta(minutes=1)


class SessionStore(DatabaseStore):
    """Sessions end SLIPWAY_SESSION_HOURS after signing in, or SLIPWAY_SESSION_IDLE_MINUTES after the last
    thing that the person did. In the database stands only a digest of the cookie's key."""

    @classmethod
    def get_model_class(cls) -> type[BrowserSession]:
        return BrowserSession

    def begin(self, *, agent: str, address: str) -> None:
        """Note with which browser somebody has just signed in. Sessions that are over are swept away."""
        BrowserSession.objects.filter(expire_date__lt=clock.now()).delete()
        self[AGENT], self[ADDRESS] = agent[:200], address[:45]

    def touch(self) -> None:
        """The person has done something: the idle time begins anew."""
        now = clock.now()
        if SEEN in self and now - datetime.fromisoformat(self[SEEN]) >= PRECISION:
            self[SEEN] = now.isoformat()

    def cycle_key(self) -> None:
        """Another key, as at each sign-in; and with it another session, whose time begins now."""
        for name in (OPENED, SEEN, HANDLE):
            self.pop(name, None)
        super().cycle_key()

    def get_expiry_date(self, **kwargs: Any) -> datetime:
        now = clock.now()
        opened = datetime.fromisoformat(self.get(OPENED, now.isoformat()))
        seen = datetime.fromisoformat(self.get(SEEN, now.isoformat()))
        longest = timedelta(hours=settings.SLIPWAY_SESSION_HOURS)
        return min(opened + longest, seen + timedelta(minutes=settings.SLIPWAY_SESSION_IDLE_MINUTES))

    def get_expiry_age(self, **kwargs: Any) -> int:
        return max(int((self.get_expiry_date() - clock.now()).total_seconds()), 0)

    def create_model_instance(self, data: dict[str, Any]) -> BrowserSession:
        now = clock.now().isoformat()
        for name, value in ((OPENED, now), (SEEN, now), (HANDLE, str(uuid.uuid4()))):
            data.setdefault(name, value)
        return BrowserSession(
            session_key=digest_of_key(self._get_or_create_session_key()),  # type: ignore[attr-defined]
            session_data=self.encode(data),
            expire_date=self.get_expiry_date(),
            user_id=data.get(SESSION_KEY),
            handle=data[HANDLE],
            opened_at=datetime.fromisoformat(data[OPENED]),
            seen_at=datetime.fromisoformat(data[SEEN]),
            agent=data.get(AGENT, ""),
            address=data.get(ADDRESS, ""),
        )

    def exists(self, session_key: str) -> bool:
        return BrowserSession.objects.filter(session_key=digest_of_key(session_key)).exists()

    def delete(self, session_key: str | None = None) -> None:
        key = session_key or self.session_key
        if key is not None:
            BrowserSession.objects.filter(session_key=digest_of_key(key)).delete()

    def _get_session_from_db(self) -> BrowserSession | None:
        row = BrowserSession.objects.filter(
            session_key=digest_of_key(str(self.session_key)), expire_date__gt=clock.now()
        ).first()
        if row is None:
            self._session_key = None
        return row


def digest_of_key(session_key: str) -> str:
    return hashlib.sha256(session_key.encode()).hexdigest()


def open_sessions(user: User) -> list[BrowserSession]:
    """One's own, the one that was used last first."""
    return list(BrowserSession.objects.filter(user=user, expire_date__gt=clock.now()).order_by("-seen_at"))


def end(user: User, handle: str | None = None, *, but: SessionStore | None = None) -> int:
    """End one session of this person by its handle, or all, or all `but` one; how many there were."""
    rows = BrowserSession.objects.filter(user=user)
    if handle is not None:
        rows = rows.filter(handle=handle)
    if but is not None and but.session_key:
        rows = rows.exclude(session_key=digest_of_key(but.session_key))
    count, _ = rows.delete()
    return count
