"""Which IP addresses may be called: the public ones, and those that the administrator named.

From IANA's IPv4 and IPv6 special-purpose address registries, written out since the standard library's
`is_global` differs between Python versions. https://www.iana.org/assignments/iana-ipv4-special-registry
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network

from portal.core.outbound.errors import AddressRefused
from portal.core.outbound.places import is_name

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

# Nothing may open these: what answers there hands out the machine's own credentials, or is no single host, or
# is another address in disguise (IPv4-mapped, NAT64, Teredo, 6to4), which must not depend on who unwraps it.
NEVER = {
    "unspecified": ("0.0.0.0/8", "::/128"),
    "link-local": ("169.254.0.0/16", "fe80::/10"),
    "a cloud's metadata service": (
        "168.63.129.16/32",
        "100.100.100.200/32",
        "192.0.0.192/32",
        "fd00:ec2::/32",
        "fd20:ce::254/128",
    ),
    "multicast or broadcast": ("224.0.0.0/4", "255.255.255.255/32", "ff00::/8"),
    "an IPv4 address in disguise": (
        *("::ffff:0:0/96", "::ffff:0:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48"),
        *("2001::/32", "2002::/16", "192.88.99.0/24"),
    ),
}
PRIVATE = (
    *("10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24"),
    *("192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "240.0.0.0/4"),
    *("2001::/23", "2001:db8::/32", "3fff::/20"),
)
# all else of IPv6 is loopback, private, or not given out yet
UNICAST = IPv6Network("2000::/3")

_NEVER = [(ip_network(network), why) for why, networks in NEVER.items() for network in networks]
_PRIVATE = [ip_network(network) for network in PRIVATE]


@dataclass(frozen=True)
class Allowed:
    """What the administrator opened beyond the public addresses."""

    networks: tuple[Network, ...] = ()
    hosts: frozenset[str] = frozenset()

    def has(self, host: str, address: Address) -> bool:
        return host in self.hosts or any(_within(address, network) for network in self.networks)


def parse(words: Iterable[str]) -> Allowed:
    """Networks (10.20.0.0/16, fd12::/48), addresses, host names. Raises ValueError naming what is none."""
    networks: list[Network] = []
    hosts = set()
    for word in words:
        try:
            networks.append(ip_network(word))
        except ValueError:
            host = word.lower().rstrip(".")
            if not is_name(host):
                raise ValueError(f"{word!r} is no network, address or host name") from None
            hosts.add(host)
    return Allowed(tuple(networks), frozenset(hosts))


def check(host: str, address: Address, allowed: Allowed, *, encrypted: bool) -> None:
    """Raises AddressRefused. Without TLS only what the administrator opened is called."""
    why = next((why for network, why in _NEVER if _within(address, network)), None)
    if why:
        raise AddressRefused(f"The portal never calls an address that is {why}.")
    if allowed.has(host, address):
        return
    if not _public(address):
        raise AddressRefused(
            "The portal calls public addresses only, and this one is private. "
            "An administrator can add its host or network to SLIPWAY_OUTBOUND_ALLOWED."
        )
    if not encrypted:
        raise AddressRefused("Use https://: plain http is only for what SLIPWAY_OUTBOUND_ALLOWED names.")


def _public(address: Address) -> bool:
    if isinstance(address, IPv6Address) and address not in UNICAST:
        return False
    return not any(_within(address, network) for network in _PRIVATE)


def _within(address: Address, network: Network) -> bool:
    return address.version == network.version and address in network
