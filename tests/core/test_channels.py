"""Settings of the channels out of the portal: closed when empty, no secret in the clear, said by name."""

from __future__ import annotations

import base64
import re
from pathlib import Path
from typing import Any

import pytest

from portal.settings import channels, environment
from portal.settings.environment import SettingInvalid

SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()
MAIL = {"EMAIL_URL": "smtps://bot:s%40fe@mail.example.org", "EMAIL_FROM": "slipway@example.org"}
HOOK = {"WEBHOOK_URL": "https://chat.example.org/hook?token=1", "WEBHOOK_SECRET": SECRET}
BASE = {"BASE_URL": "https://portal.example.org/"}
NEEDED = {"secret_key": "k", "database_url": "sqlite:////tmp/x", "broker_url": "memory://"}


def read(**variables: str) -> dict[str, Any]:
    source = {f"SLIPWAY_{name}": value for name, value in variables.items()}
    return channels.settings_of(environment.read(source, **NEEDED))


def test_without_variables_both_channels_are_closed() -> None:
    found = read()
    assert (found["SLIPWAY_EMAIL_FROM"], found["SLIPWAY_WEBHOOK_URL"]) == ("", "")
    assert "EMAIL_HOST" not in found


@pytest.mark.parametrize(
    ("url", "port", "starts", "implicit"),
    [
        ("smtp://mail.example.org", 25, False, False),
        ("smtp://bot:p@mail.example.org?tls=1", 587, True, False),
        ("smtp://bot:p@mail.example.org:2525?tls=1", 2525, True, False),
        ("smtps://bot:p@mail.example.org", 465, False, True),
        ("smtp://bot:p@localhost:1025", 1025, False, False),
    ],
)
def test_mail_servers(url: str, port: int, starts: bool, implicit: bool) -> None:
    found = read(**BASE, **MAIL | {"EMAIL_URL": url})
    assert (found["EMAIL_PORT"], found["EMAIL_USE_TLS"], found["EMAIL_USE_SSL"]) == (port, starts, implicit)
    assert found["EMAIL_TIMEOUT"] == 5


def test_names_and_passwords_may_hold_any_character() -> None:
    assert read(**BASE, **MAIL)["EMAIL_HOST_PASSWORD"] == "s@fe"


def test_a_webhook_has_its_address_and_its_keys() -> None:
    older = "whsec_" + base64.b64encode(b"o" * 24).decode()
    found = read(**BASE, **HOOK | {"WEBHOOK_SECRET": f"{SECRET}, {older}"})
    assert found["SLIPWAY_WEBHOOK_KEYS"] == (bytes(range(32)), b"o" * 24)
    assert found["SLIPWAY_BASE_URL"] == "https://portal.example.org"


@pytest.mark.parametrize(
    ("variables", "named"),
    [
        (MAIL, "SLIPWAY_BASE_URL"),
        (HOOK, "SLIPWAY_BASE_URL"),
        ({"BASE_URL": "portal.example.org"}, "SLIPWAY_BASE_URL"),
        ({"BASE_URL": "ftp://portal.example.org"}, "SLIPWAY_BASE_URL"),
        ({**BASE, **MAIL, "EMAIL_FROM": ""}, "SLIPWAY_EMAIL_FROM"),
        ({**BASE, **MAIL, "EMAIL_URL": "https://mail.example.org"}, "SLIPWAY_EMAIL_URL"),
        ({**BASE, **MAIL, "EMAIL_URL": "smtp://bot:hunter2@mail.example.org"}, "SLIPWAY_EMAIL_URL"),
        ({**BASE, **MAIL, "EMAIL_URL": "smtp://bot:hunter2@mail.example.org:x"}, "SLIPWAY_EMAIL_URL"),
        ({**BASE, **MAIL, "EMAIL_URL": "smtps://h.example.org?tls=1"}, "SLIPWAY_EMAIL_URL"),
        ({**BASE, **HOOK, "WEBHOOK_URL": "http://chat.example.org/hunter2"}, "SLIPWAY_WEBHOOK_URL"),
        ({**BASE, **HOOK, "WEBHOOK_URL": "file:///etc/passwd"}, "SLIPWAY_WEBHOOK_URL"),
        ({**BASE, **HOOK, "WEBHOOK_URL": "https://chat example.org"}, "SLIPWAY_WEBHOOK_URL"),
        ({**BASE, **HOOK, "WEBHOOK_URL": "https://chat.example.org/ä"}, "SLIPWAY_WEBHOOK_URL"),
        ({**BASE, **HOOK, "WEBHOOK_SECRET": ""}, "SLIPWAY_WEBHOOK_SECRET"),
        ({**BASE, **HOOK, "WEBHOOK_SECRET": "hunter2"}, "SLIPWAY_WEBHOOK_SECRET"),
        ({**BASE, **HOOK, "WEBHOOK_SECRET": "whsec_aHVudGVyMg=="}, "SLIPWAY_WEBHOOK_SECRET"),
    ],
)
def test_what_cannot_be_used_is_named_and_never_repeated(variables: dict[str, str], named: str) -> None:
    with pytest.raises(SettingInvalid, match=named) as refused:
        read(**variables)
    assert "hunter2" not in str(refused.value)


def test_plain_http_is_for_loopback_and_debugging() -> None:
    for url in ("http://127.0.0.1:9000/hook", "http://[::1]:9000/hook"):
        assert read(**BASE, **HOOK | {"WEBHOOK_URL": url})["SLIPWAY_WEBHOOK_URL"] == url
    assert read(**BASE, **HOOK | {"WEBHOOK_URL": "http://chat.example.org", "DEBUG": "true"})


def test_every_setting_of_the_channels_is_documented() -> None:
    text = Path("docs/operations.md").read_text()
    documented = set(re.findall(r"^\| `SLIPWAY_([A-Z_]+)` \|", text, flags=re.M))
    assert {*BASE, *MAIL, *HOOK} <= documented


@pytest.mark.parametrize("address", ["https://bot:hunter2@chat.example.org/", "https://0x7f.1/hunter2"])
def test_an_address_that_would_never_be_called_ends_the_start(address: str) -> None:
    with pytest.raises(SettingInvalid, match="SLIPWAY_WEBHOOK_URL") as refused:
        read(**BASE, **HOOK | {"WEBHOOK_URL": address})
    assert "hunter2" not in str(refused.value)


def test_what_may_be_called_inside_is_networks_and_names() -> None:
    found = read(OUTBOUND_ALLOWED="10.20.0.0/16, hooks.internal")["SLIPWAY_OUTBOUND_ALLOWED"]
    assert (len(found.networks), found.hosts) == (1, {"hooks.internal"})
    with pytest.raises(SettingInvalid, match="SLIPWAY_OUTBOUND_ALLOWED"):
        read(OUTBOUND_ALLOWED="10.1")
