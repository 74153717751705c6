"""`ip` and `cidr` (apiserver/pkg/cel/library/ip.go and cidr.go), as Go's net/netip reads them."""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network
from typing import Any

from portal.policy.cel.errors import CelError
from portal.policy.cel.functions.registry import IMPLEMENTATIONS, define, no_overload
from portal.policy.cel.values import Opaque

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
_BITS = re.compile(r"0|[1-9]\d{0,2}", re.ASCII)


class Ip(Opaque):
    __slots__ = ("address",)
    type_name = "net.IP"

    def __init__(self, address: Address) -> None:
        self.address = address

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Ip) and self.address == other.address

    def __hash__(self) -> int:
        return hash(self.address)

    def __str__(self) -> str:
        return str(self.address)


class Cidr(Opaque):
    """An address with the length of its prefix; bits beyond the prefix are kept."""

    __slots__ = ("address", "bits")
    type_name = "net.CIDR"

    def __init__(self, address: Address, bits: int) -> None:
        self.address = address
        self.bits = bits

    @property
    def network(self) -> Network:
        return ip_network(f"{self.address}/{self.bits}", strict=False)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Cidr) and (self.address, self.bits) == (other.address, other.bits)

    def __hash__(self) -> int:
        return hash((self.address, self.bits))

    def __str__(self) -> str:
        return f"{self.address}/{self.bits}"


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _parse_address(text: str) -> Address:
    """Raises CelError in netip.ParseAddr's words."""
    said = f"ParseAddr({_quoted(text)}): "
    if ":" not in text:
        if "." not in text:
            raise CelError(f"{said}unable to parse IP")
        return _parse_v4(text, said)
    try:
        address = IPv6Address(text.partition("%")[0])
    except ValueError:
        raise CelError(f"{said}{_v6_problem(text)}") from None
    if "%" in text:
        raise CelError(f"IP address {_quoted(text)} with zone value is not allowed")
    return address


def _parse_v4(text: str, said: str) -> Address:
    fields = text.split(".")
    for field in fields:
        if not field:
            raise CelError(f"{said}IPv4 field must have at least one digit")
        if not (field.isascii() and field.isdigit()):
            raise CelError(f"{said}unexpected character (at {_quoted(_from_bad(text))})")
        if len(field) > 1 and field[0] == "0":
            raise CelError(f"{said}IPv4 field has octet with leading zero")
        if int(field) > 255:
            raise CelError(f"{said}IPv4 field has value >255")
    if len(fields) < 4:
        raise CelError(f"{said}IPv4 address too short")
    if len(fields) > 4:
        raise CelError(f"{said}IPv4 address too long")
    return IPv4Address(text)


def _from_bad(text: str) -> str:
    found = re.search(r"[^0-9.]", text)
    return text[found.start() :] if found else text


def _v6_problem(text: str) -> str:
    if ":::" in text:
        at = text[text.index(":::") + 2 :]
        return f"each colon-separated field must have at least one digit (at {_quoted(at)})"
    groups = text.split(":")
    for group in groups:
        if len(group) > 4 and re.fullmatch("[0-9a-fA-F]+", group):
            return f"each group must have 4 or less digits (at {_quoted(text[text.index(group) :])})"
    bad = re.search(r"[^0-9a-fA-F:.]", text)
    if bad:
        start = text.rfind(":", 0, bad.start()) + 1
        if bad.start() == start:
            return f"each colon-separated field must have at least one digit (at {_quoted(text[start:])})"
        return f"unexpected character, want colon (at {_quoted(text[bad.start() :])})"
    if "::" not in text and len(groups) < 8:
        return "address string too short"
    return f"unable to parse IP (at {_quoted(text)})"


def address_of(text: str) -> Address:
    try:
        address = _parse_address(text)
    except CelError as exc:
        if "zone value" in str(exc):
            raise
        raise CelError(
            f"IP Address {_quoted(text)} parse error during conversion from string: {exc}"
        ) from None
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        raise CelError(f"IPv4-mapped IPv6 address {_quoted(text)} is not allowed")
    return address


def cidr_of(text: str) -> Cidr:
    said = "network address parse error during conversion from string: "
    start = f"{said}netip.ParsePrefix({_quoted(text)}): "
    before, slash, bits = text.rpartition("/")
    if not slash:
        raise CelError(f"{start}no '/'")
    if "%" in before:
        raise CelError(f"{start}IPv6 zones cannot be present in a prefix")
    try:
        address = _parse_address(before)
    except CelError as exc:
        raise CelError(f"{start}{exc}") from None
    if not _BITS.fullmatch(bits):
        raise CelError(f"{start}bad bits after slash: {_quoted(bits)}")
    if int(bits) > address.max_prefixlen:
        raise CelError(f"{start}prefix length out of range")
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        raise CelError(f"IPv4-mapped IPv6 address {_quoted(text)} is not allowed")
    return Cidr(address, int(bits))


def _holds(parse: Any, text: str) -> bool:
    try:
        parse(text)
    except CelError:
        return False
    return True


@define("ip", str)
def _ip(text: str) -> Ip:
    return Ip(address_of(text))


@define("isIP", str)
def _is_ip(text: str) -> bool:
    return _holds(address_of, text)


@define("ip.isCanonical", str)
def _is_canonical(text: str) -> bool:
    return str(address_of(text)) == text


@define("cidr", str)
def _cidr(text: str) -> Cidr:
    try:
        return cidr_of(text)
    except CelError as exc:
        raise CelError(f"network address parse error during conversion from string: {exc}") from None


@define("isCIDR", str)
def _is_cidr(text: str) -> bool:
    return _holds(cidr_of, text)


@define(".ip", Cidr)
def _ip_of(cidr: Cidr) -> Ip:
    return Ip(cidr.address)


@define(".family", Ip)
def _family(ip: Ip) -> int:
    return ip.address.version


@define(".isUnspecified", Ip)
def _is_unspecified(ip: Ip) -> bool:
    return ip.address.is_unspecified


@define(".isLoopback", Ip)
def _is_loopback(ip: Ip) -> bool:
    return ip.address.is_loopback


@define(".isGlobalUnicast", Ip)
def _is_global_unicast(ip: Ip) -> bool:
    """As Go means it: private addresses count, broadcast and special ones do not."""
    address = ip.address
    broadcast = address == IPv4Address("255.255.255.255")
    special = address.is_unspecified or address.is_loopback or address.is_multicast or address.is_link_local
    return not (special or broadcast)


@define(".isLinkLocalMulticast", Ip)
def _is_link_local_multicast(ip: Ip) -> bool:
    if ip.address.version == 4:
        return int(ip.address) >> 8 == 0xE00000
    return ip.address.packed[0] == 0xFF and ip.address.packed[1] & 0x0F == 0x02


@define(".isLinkLocalUnicast", Ip)
def _is_link_local_unicast(ip: Ip) -> bool:
    return ip.address.is_link_local and not ip.address.is_multicast


@define(".masked", Cidr)
def _masked(cidr: Cidr) -> Cidr:
    return Cidr(cidr.network.network_address, cidr.bits)


@define(".prefixLength", Cidr)
def _prefix_length(cidr: Cidr) -> int:
    return cidr.bits


def _contains(outer: Cidr, address: Address, bits: int) -> bool:
    if address.version != outer.address.version or outer.bits > bits:
        return False
    shift = address.max_prefixlen - outer.bits
    return int(address) >> shift == int(outer.address) >> shift


def _contains_ip(cidr: Any, other: Any) -> bool:
    if type(cidr) is not Cidr or type(other) not in (str, Ip):
        raise no_overload("containsIP", cidr, other)
    if type(other) is str:
        if not _holds(address_of, other):
            # the API server takes its own error for a value of the wrong type
            raise CelError("no such overload")
        other = Ip(address_of(other))
    return _contains(cidr, other.address, other.address.max_prefixlen)


def _contains_cidr(cidr: Any, other: Any) -> bool:
    if type(cidr) is not Cidr or type(other) not in (str, Cidr):
        raise no_overload("containsCIDR", cidr, other)
    inner = _cidr(other) if type(other) is str else other
    return _contains(cidr, inner.address, inner.bits)


IMPLEMENTATIONS |= {".containsIP": _contains_ip, ".containsCIDR": _contains_cidr}
