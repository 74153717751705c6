"""Where a request comes from."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any

from django.conf import settings


def address_of(meta: Mapping[str, Any]) -> str:
    """The address of whoever asks. Behind SLIPWAY_PROXIES proxies it is what the outermost of them wrote into
    X-Forwarded-For; what stands further left could have been written by anybody."""
    forwarded = [
        part.strip() for part in str(meta.get("HTTP_X_FORWARDED_FOR", "")).split(",") if part.strip()
    ]
    proxies: int = settings.SLIPWAY_PROXIES
    found = forwarded[-proxies] if proxies and len(forwarded) >= proxies else str(meta.get("REMOTE_ADDR", ""))
    try:
        return str(ip_address(found.strip("[]")))
    except ValueError:
        return ""


def neighbourhood(address: str) -> str:
    """What one person can change at will counts as one: a /64 of IPv6, one address of IPv4."""
    if not address:
        return "unknown"
    parsed = ip_address(address)
    if isinstance(parsed, IPv6Address):
        return str(parsed.ipv4_mapped or ip_network((parsed, 64), strict=False))
    return address
