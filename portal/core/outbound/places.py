"""Taking a URL apart, and its name to addresses. Odd spellings are refused: libraries disagree about them."""

from __future__ import annotations

import queue
import re
import socket
import threading
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import SplitResult, urlsplit

from portal.core.outbound.errors import AddressRefused, NotReached, TooSlow

MOST_CHARACTERS = 2000
PORTS = {"http": 80, "https": 443}
_LABEL = "[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?"
# decimal, octal, hexadecimal and shortened numbers, which some resolvers read as IPv4 addresses
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
MOST_ADDRESSES = 8


def is_name(host: str) -> bool:
    """A DNS name in lower case; internationalised ones in their xn-- form."""
    if len(host) > 253 or not re.fullmatch(rf"{_LABEL}(\.{_LABEL})*", host):
        return False
    return not _NUMBER.fullmatch(host.rpartition(".")[2])


@dataclass(frozen=True)
class Place:
    """Where a URL leads. `literal` is the address when the URL holds one instead of a name."""

    scheme: str
    host: str
    port: int
    target: str
    literal: IPv4Address | IPv6Address | None = None

    @property
    def encrypted(self) -> bool:
        return self.scheme == "https"

    @property
    def origin(self) -> tuple[str, str, int]:
        return self.scheme, self.host, self.port


def place_of(url: str) -> Place:
    """Raises AddressRefused, saying what is wrong with the URL."""
    plain = url.isascii() and url.isprintable() and not set(url) & {" ", "\\"}
    if not plain or len(url) > MOST_CHARACTERS:
        raise AddressRefused(f"Write a URL in ASCII, without spaces, up to {MOST_CHARACTERS} characters.")
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").removesuffix("."), parts.port
    except ValueError:
        raise AddressRefused("This is not a URL such as https://hooks.example.org/path.") from None
    if parts.scheme not in PORTS:
        raise AddressRefused("The URL must start with https://.")
    if "@" in parts.netloc:
        raise AddressRefused("Take the user name and password out of the URL.")
    if not host or port == 0:
        raise AddressRefused("The URL names no host, or the port 0.")
    return Place(parts.scheme, host, port or PORTS[parts.scheme], _target(parts), _literal(host, parts))


def _target(parts: SplitResult) -> str:
    return f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}"


def _literal(host: str, parts: SplitResult) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(host)
    except ValueError:
        if not is_name(host):
            raise AddressRefused(
                "The URL's host is neither a name nor a plain address such as 192.0.2.1 or [2001:db8::1]."
            ) from None
        return None
    if isinstance(address, IPv6Address) and (address.scope_id or "[" not in parts.netloc):
        raise AddressRefused("Write an IPv6 address in brackets, without a zone.")
    return address


def addresses_of(place: Place, seconds: float) -> list[IPv4Address | IPv6Address]:
    """What the name resolves to, asked once. Raises NotReached, and TooSlow after `seconds`."""
    if place.literal is not None:
        return [place.literal]
    answers: queue.SimpleQueue[list[str] | OSError] = queue.SimpleQueue()

    def ask() -> None:
        try:
            found = socket.getaddrinfo(place.host, place.port, type=socket.SOCK_STREAM)
            answers.put([str(each[4][0]) for each in found])
        except OSError as exc:
            answers.put(exc)

    # the resolver has no time limit of its own that could be set from here
    threading.Thread(target=ask, daemon=True).start()
    try:
        answer = answers.get(timeout=max(seconds, 0))
    except queue.Empty:
        raise TooSlow from None
    if isinstance(answer, OSError):
        raise NotReached from answer
    return list(dict.fromkeys(ip_address(each) for each in answer))[:MOST_ADDRESSES]
