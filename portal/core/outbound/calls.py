"""One HTTP exchange with an address that somebody configured."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPResponse
from ipaddress import IPv4Address, IPv6Address
from typing import Any
from urllib.parse import urljoin

from portal.core.outbound.addresses import Allowed, check
from portal.core.outbound.errors import AddressRefused, AnswerTooLarge, NotReached, NotTrusted, TooSlow
from portal.core.outbound.places import Place, addresses_of, place_of

REDIRECTS = frozenset({301, 302, 303, 307, 308})
SAFE = frozenset({"GET", "HEAD"})
# never sent on to another host
PERSONAL = frozenset({"authorization", "cookie", "proxy-authorization"})
CHUNK = 64 * 1024
MOST_BYTES = 64 * 1024


@dataclass(frozen=True)
class Answer:
    """`headers` have names in lower case; the last one of a name counts."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def call(
    method: str,
    url: str,
    *,
    allowed: Allowed,
    seconds: float,
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    most_bytes: int = MOST_BYTES,
    redirects: int = 0,
) -> Answer:
    """What it answers, whatever the status. `seconds` bounds all of it, from the name to the last byte.

    With `most_bytes` 0 the body is of no interest and not read.
    Up to `redirects` redirects of a GET or HEAD are followed, each checked like the first address; with 0 a
    redirect is an answer. Raises AddressRefused, NotReached, TooSlow, NotTrusted, AnswerTooLarge.
    """
    end = time.monotonic() + seconds
    fields, first = dict(headers or {}), place_of(url)
    for left in range(redirects, -1, -1):
        place = place_of(url)
        if place.origin != first.origin:
            fields = {name: value for name, value in fields.items() if name.lower() not in PERSONAL}
        answer = _ask(method, place, allowed, end, body, fields, most_bytes)
        onward = answer.headers.get("location")
        if not redirects or method not in SAFE or answer.status not in REDIRECTS or onward is None:
            return answer
        if left == 0:
            break
        url = _onward(url, onward)
    raise NotReached(f"It redirects more than {redirects} times.")


def _onward(url: str, location: str) -> str:
    try:
        return urljoin(url, location)
    except ValueError:
        raise AddressRefused("It redirects to what is no URL.") from None


def _ask(
    method: str,
    place: Place,
    allowed: Allowed,
    end: float,
    body: bytes | None,
    fields: Mapping[str, str],
    most_bytes: int,
) -> Answer:
    found = addresses_of(place, end - time.monotonic())
    for address in found:  # one bad address among good ones is a trick, not a fallback
        check(place.host, address, allowed, encrypted=place.encrypted)
    connection = _Pinned(place, found, end)
    with connection.bounded():
        connection.request(method, place.target, body, dict(fields))
        response = connection.getresponse()
        if connection.late:  # cut off, what was read of the headers looks like all of them
            raise TooSlow
        content = _read(response, most_bytes) if most_bytes else b""
        if connection.late:
            raise TooSlow
        names = {name.lower(): value for name, value in response.headers.items()}
        return Answer(response.status, names, content)


def _read(response: HTTPResponse, most: int) -> bytes:
    content = bytearray()
    if (response.length or 0) > most:  # as it announces
        raise AnswerTooLarge(f"It answered with more than {most:,} bytes.")
    while chunk := response.read1(min(CHUNK, most + 1 - len(content))):
        content += chunk
        if len(content) > most:
            raise AnswerTooLarge(f"It answered with more than {most:,} bytes.")
    if response.length:  # which http.client says only of reading at once
        raise NotReached(f"It hung up {response.length:,} bytes before the end.")
    return bytes(content)


class _Pinned(HTTPConnection):
    """Connects to addresses that were checked, whatever the name resolves to by now."""

    def __init__(self, place: Place, addresses: list[IPv4Address | IPv6Address], end: float) -> None:
        super().__init__(place.host, place.port)
        self.default_port = 443 if place.encrypted else 80  # which the header Host leaves out
        self._place, self._addresses, self._end = place, addresses, end
        self._late = threading.Event()
        # not `sock`, which http.client lets go of while a body is still being read
        self._wire: socket.socket | None = None

    @property
    def late(self) -> bool:
        return self._late.is_set()

    def connect(self) -> None:
        self._wire = self._reach()
        if self._place.encrypted:
            context = ssl.create_default_context()
            wrapped = context.wrap_socket(
                self._wire, server_hostname=self._place.host, do_handshake_on_connect=False
            )
            self._wire = wrapped
            wrapped.do_handshake()  # apart, so that a slow one can be cut off as well
        self.sock: Any = self._wire

    def _reach(self) -> socket.socket:
        failure: OSError = OSError("the name has no address")
        for address in self._addresses:
            left = self._end - time.monotonic()
            if left <= 0:
                raise TimeoutError
            try:
                return socket.create_connection((str(address), self._place.port), timeout=left)
            except OSError as exc:
                failure = exc
        raise failure

    @contextmanager
    def bounded(self) -> Iterator[None]:
        """Hang up at the end of the time, and turn what goes wrong into our errors."""
        timer = threading.Timer(max(self._end - time.monotonic(), 0), self._hang_up)
        timer.daemon = True
        timer.start()
        try:
            yield
        except ssl.SSLCertVerificationError as exc:
            raise NotTrusted from exc
        except (OSError, HTTPException) as exc:
            if self.late or isinstance(exc, TimeoutError):
                raise TooSlow from exc
            raise NotReached from exc
        finally:
            timer.cancel()
            self.close()
            if self._wire is not None:
                self._wire.close()

    def _hang_up(self) -> None:
        """A server that sends a byte now and then would keep us for ever: timeouts are for each read."""
        self._late.set()
        if self._wire is not None:
            with suppress(OSError):  # closed just now
                self._wire.shutdown(socket.SHUT_RDWR)
