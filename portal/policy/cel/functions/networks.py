"""`ip` and `cidr` (apiserver/pkg/cel/library/{ip,cidr}.go)."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, ip_address, ip_interface

from portal.policy.cel.functions.declare import (
    BOOL,
    BYTES,
    INT,
    MARK,
    STRING,
    Function,
    Overload,
    function,
    method,
    opaque,
)

IP = opaque("ip", "net.IP")
CIDR = opaque("cidr", "net.CIDR")
Address = IPv4Address | IPv6Address


def _address(text: str) -> Address:
    try:
        found = ip_address(text)
    except ValueError:
        raise ValueError(f"IP Address {text!r} parse error during conversion from string") from None
    if isinstance(found, IPv6Address) and (found.ipv4_mapped or found.scope_id):
        kind = "IPv4-mapped IPv6 address" if found.ipv4_mapped else "IP address with zone value"
        raise ValueError(f"{kind} is not allowed: {text!r}".replace("'", '"'))
    return found


def _interface(text: str) -> tuple[Address, int]:
    address, slash, bits = text.partition("/")
    if not slash or not bits.isdigit() or (len(bits) > 1 and bits[0] == "0"):
        raise ValueError("network address parse error during conversion from string: " + text)
    found = _address(address)
    if int(bits) > found.max_prefixlen:
        raise ValueError("network address parse error during conversion from string: " + text)
    return found, int(bits)


def _holds(check: Callable[[str], object], text: str) -> bool:
    try:
        check(text)
    except ValueError:
        return False
    return True


def _read_ip(packed: bytes | bytearray) -> Address:
    return _address(IP.unpack(packed))


def _read_cidr(packed: bytes | bytearray) -> tuple[Address, int]:
    return _interface(CIDR.unpack(packed))


def _contains(cidr: bytes, address: Address, bits: int | None = None) -> bool:
    network_address, own_bits = _read_cidr(cidr)
    if address.version != network_address.version or (bits is not None and bits < own_bits):
        return False
    shift = network_address.max_prefixlen - own_bits
    return int(address) >> shift == int(network_address) >> shift


def _contains_ip(cidr: bytes, address: bytes | bytearray | str) -> bool:
    return _contains(cidr, _address(address) if isinstance(address, str) else _read_ip(address))


def _contains_cidr(cidr: bytes, inner: bytes | bytearray | str) -> bool:
    address, bits = _interface(inner) if isinstance(inner, str) else _read_cidr(inner)
    return _contains(cidr, address, bits)


def _masked(packed: bytes | bytearray) -> bytes:
    address, bits = _read_cidr(packed)
    return CIDR.pack(str(ip_interface(f"{address}/{bits}").network))


def _text(packed: bytes | bytearray) -> str:
    """`string(…)` of an opaque value, or of bytes."""
    return bytes(packed).decode().split(MARK, 2)[-1]


def _is_global_unicast(packed: bytes | bytearray) -> bool:
    """As Go means it: private addresses count, broadcast and special ones do not."""
    address = _read_ip(packed)
    broadcast = isinstance(address, IPv4Address) and address == IPv4Network("0.0.0.0/0").broadcast_address
    special = address.is_unspecified or address.is_loopback or address.is_multicast or address.is_link_local
    return not (special or broadcast)


def _link_local_multicast(packed: bytes | bytearray) -> bool:
    address = _read_ip(packed)
    if isinstance(address, IPv4Address):
        return int(address) >> 8 == 0xE00000
    return address.packed[0] == 0xFF and address.packed[1] & 0x0F == 0x02


def _link_local_unicast(packed: bytes | bytearray) -> bool:
    address = _read_ip(packed)
    return address.is_link_local and not address.is_multicast


FUNCTIONS: tuple[Function, ...] = (
    function("ip", IP, [STRING], lambda text: IP.pack(str(_address(text)))),
    function("isIP", BOOL, [STRING], lambda text: _holds(_address, text)),
    function("ip.isCanonical", BOOL, [STRING], lambda text: str(_address(text)) == text),
    method("family", INT, [IP], lambda p: _read_ip(p).version),
    method("isUnspecified", BOOL, [IP], lambda p: _read_ip(p).is_unspecified),
    method("isLoopback", BOOL, [IP], lambda p: _read_ip(p).is_loopback),
    method("isLinkLocalMulticast", BOOL, [IP], _link_local_multicast),
    method("isLinkLocalUnicast", BOOL, [IP], _link_local_unicast),
    method("isGlobalUnicast", BOOL, [IP], _is_global_unicast),
    function("cidr", CIDR, [STRING], lambda text: CIDR.pack("{}/{}".format(*_interface(text)))),
    function("isCIDR", BOOL, [STRING], lambda text: _holds(_interface, text)),
    Function(
        "containsIP",
        (Overload(BOOL, [CIDR, IP], _contains_ip), Overload(BOOL, [CIDR, STRING], _contains_ip)),
        member=True,
    ),
    Function(
        "containsCIDR",
        (Overload(BOOL, [CIDR, CIDR], _contains_cidr), Overload(BOOL, [CIDR, STRING], _contains_cidr)),
        member=True,
    ),
    method("ip", IP, [CIDR], lambda p: IP.pack(str(_read_cidr(p)[0]))),
    method("masked", CIDR, [CIDR], _masked),
    method("prefixLength", INT, [CIDR], lambda p: _read_cidr(p)[1]),
    function("slipway_text", STRING, [BYTES], _text),
)
