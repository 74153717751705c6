"""How notices leave the portal: e-mail, and one webhook."""

from __future__ import annotations

import base64
import binascii
from typing import Any
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from portal.core.outbound.addresses import Allowed, parse
from portal.core.outbound.errors import AddressRefused
from portal.core.outbound.places import place_of
from portal.settings.environment import Environment, SettingInvalid

LOOPBACK = {"localhost", "127.0.0.1", "::1"}
TIMEOUT_SECONDS = 5
# what the Standard Webhooks specification asks of a symmetric secret
SECRET_PREFIX, SECRET_BYTES = "whsec_", range(24, 65)


def settings_of(environ: Environment) -> dict[str, Any]:
    """Settings of both channels; each is closed when its address is empty. Raises SettingInvalid."""
    base_url = environ.base_url
    if (environ.email_url or environ.webhook_url) and not base_url:
        raise SettingInvalid(
            "SLIPWAY_BASE_URL must be set where notices leave the portal: https://portal.example.org."
        )
    if base_url and _parts("SLIPWAY_BASE_URL", base_url).scheme not in {"http", "https"}:
        raise SettingInvalid("SLIPWAY_BASE_URL must be like https://portal.example.org.")
    return {
        "SLIPWAY_BASE_URL": base_url,
        **email(environ.email_url, environ.email_from),
        **webhook(environ.webhook_url, environ.webhook_secret, debug=environ.debug),
        "SLIPWAY_OUTBOUND_ALLOWED": outbound(environ.outbound_allowed),
    }


def email(url: str, sender: str) -> dict[str, Any]:
    """Django's settings for `smtp://user:password@host:587?tls=1` (STARTTLS) or `smtps://…` (TLS from the
    start); certificates are verified. Without a URL no e-mail is sent."""
    if not url:
        return {"SLIPWAY_EMAIL_FROM": ""}
    parts = _parts("SLIPWAY_EMAIL_URL", url)
    implicit, starts = parts.scheme == "smtps", dict(parse_qsl(parts.query)).get("tls") == "1"
    if parts.scheme not in {"smtp", "smtps"} or (implicit and starts):
        raise SettingInvalid("SLIPWAY_EMAIL_URL must be smtp://user:password@host:587?tls=1, or smtps://….")
    if parts.username and not (implicit or starts) and parts.hostname not in LOOPBACK:
        raise SettingInvalid("SLIPWAY_EMAIL_URL would send a password in the clear: add ?tls=1.")
    if not sender or "@" not in sender:
        raise SettingInvalid("SLIPWAY_EMAIL_FROM must be the address that e-mail comes from.")
    return {
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "EMAIL_HOST": parts.hostname,
        "EMAIL_PORT": parts.port or (465 if implicit else 587 if starts else 25),
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_TLS": starts,
        "EMAIL_USE_SSL": implicit,
        "EMAIL_TIMEOUT": TIMEOUT_SECONDS,
        "SLIPWAY_EMAIL_FROM": sender,
    }


def webhook(url: str, secrets: tuple[str, ...], *, debug: bool = False) -> dict[str, Any]:
    """The webhook's address and the keys that sign it, the newest first (an old one stays while receivers
    change over). Plain http is for loopback and debugging only."""
    if not url:
        return {"SLIPWAY_WEBHOOK_URL": "", "SLIPWAY_WEBHOOK_KEYS": ()}
    parts = _parts("SLIPWAY_WEBHOOK_URL", url)
    if parts.scheme != "https" and not (parts.scheme == "http" and (debug or parts.hostname in LOOPBACK)):
        raise SettingInvalid("SLIPWAY_WEBHOOK_URL must start with https://.")
    try:
        place_of(url)
    except AddressRefused as exc:
        raise SettingInvalid(f"SLIPWAY_WEBHOOK_URL cannot be used: {exc.message}") from None
    if not secrets:
        raise SettingInvalid("SLIPWAY_WEBHOOK_SECRET must be set with SLIPWAY_WEBHOOK_URL.")
    return {
        "SLIPWAY_WEBHOOK_URL": url,
        "SLIPWAY_WEBHOOK_KEYS": tuple(_key(secret) for secret in secrets),
    }


def outbound(words: tuple[str, ...]) -> Allowed:
    """What the portal may call beside public addresses, where people configure an address."""
    try:
        return parse(words)
    except ValueError as exc:
        raise SettingInvalid(
            f"SLIPWAY_OUTBOUND_ALLOWED must be networks, addresses and host names with commas between: {exc}."
        ) from None


def _key(secret: str) -> bytes:
    try:
        key = base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
    except binascii.Error:
        key = b""
    if not secret.startswith(SECRET_PREFIX) or len(key) not in SECRET_BYTES:
        raise SettingInvalid(
            "SLIPWAY_WEBHOOK_SECRET must be whsec_ and 24 to 64 random bytes in base64: "
            'make one with echo "whsec_$(openssl rand -base64 32)".'
        )
    return key


def _parts(variable: str, url: str) -> SplitResult:
    """Raises SettingInvalid; its message never repeats the URL, which may hold a password."""
    try:
        parts = urlsplit(url)
        usable = bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        usable = False
    if not usable or not url.isascii() or not url.isprintable() or " " in url:
        raise SettingInvalid(f"{variable} must be a URL with a host, in ASCII.")
    return parts
