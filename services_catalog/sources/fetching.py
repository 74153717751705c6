"""HTTP towards a source: what portal.core.outbound does, and credentials that stay with their origin."""

from __future__ import annotations

import base64
import math
import time
import zlib
from collections.abc import Mapping
from dataclasses import dataclass

from portal.core.outbound.addresses import Allowed
from portal.core.outbound.calls import Answer, call
from portal.core.outbound.errors import AnswerTooLarge, NotReached, TooSlow
from portal.core.outbound.places import place_of
from services_catalog.sources.errors import (
    SourceFailed,
    SourceNotFound,
    SourceRefusedUs,
    SourceUnreadable,
    SourceUnwell,
)
from services_catalog.sources.limits import Limits

AGENT = "slipway"
_GZIP = 16 + zlib.MAX_WBITS


@dataclass(frozen=True)
class Fetcher:
    """`base` is the source's address; only its origin ever sees the credentials. `end`: of
    time.monotonic()."""

    base: str
    allowed: Allowed
    limits: Limits
    credentials: tuple[str, str] | None = None
    end: float = math.inf

    def get(
        self,
        url: str,
        *,
        seconds: float,
        most_bytes: int,
        headers: Mapping[str, str] | None = None,
        personal: bool = True,
    ) -> Answer:
        """Whatever it answers, after redirects. Without `personal` it is asked as anybody would be.

        Raises TooSlow when the time for the whole source is over, beside what outbound.calls raises.
        """
        left = self.end - time.monotonic()
        if left <= 0:
            raise TooSlow("There was no time left for this. The next sync goes on.")
        fields = {"User-Agent": AGENT, **(headers or {})}
        if personal and self.credentials and self.is_ours(url):
            fields["Authorization"] = basic(*self.credentials)
        return call(
            "GET",
            url,
            allowed=self.allowed,
            seconds=min(seconds, left),
            headers=fields,
            most_bytes=most_bytes,
            redirects=self.limits.redirects,
        )

    def is_ours(self, url: str) -> bool:
        return place_of(url).origin == place_of(self.base).origin


def basic(username: str, secret: str) -> str:
    return "Basic " + base64.b64encode(f"{username}:{secret}".encode()).decode()


def check(answer: Answer, what: str) -> Answer:
    """The answer, if it is one of 200. Raises SourceFailed, saying what the status means for `what`."""
    if answer.status == 200:
        return answer
    raise error_of(answer.status, what)


def error_of(status: int, what: str) -> SourceFailed:
    if status in (401, 403):
        return SourceRefusedUs(f"{what}: it answers {status}. Give a user name and secret that may read it.")
    if status in (404, 410):
        return SourceNotFound(f"{what}: it answers {status}. There is nothing at this address.")
    if status == 429 or status >= 500:
        return SourceUnwell(f"{what}: it answers {status}, an error of its own. It is tried again.")
    return SourceUnreadable(f"{what}: it answers {status}, which is not what it should.")


def plain(answer: Answer, most_bytes: int) -> bytes:
    """The body without the compression that a server put around it, which is as bounded as the body is."""
    encoding = answer.headers.get("content-encoding", "").strip().lower()
    if encoding in ("", "identity"):
        return answer.body
    if encoding not in ("gzip", "x-gzip"):
        raise SourceUnreadable(f"It answers with the encoding {encoding[:40]!r}, which nobody asked for.")
    stream = zlib.decompressobj(_GZIP)
    try:
        content = stream.decompress(answer.body, most_bytes + 1)
    except zlib.error:
        raise SourceUnreadable("It says that its answer is gzip, which it is not.") from None
    if len(content) > most_bytes:
        raise AnswerTooLarge(f"It answered with more than {most_bytes:,} bytes, compressed.")
    if not stream.eof:
        raise NotReached("Its compressed answer is cut off.")
    return content
