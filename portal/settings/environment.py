"""One typed reading of the process environment. Nothing else reads SLIPWAY_ variables."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

PROJECT_DIR = Path(__file__).resolve().parents[2]


class SettingInvalid(ValueError):
    """A variable is missing or cannot be understood; the message names it and says what it takes."""


@dataclass(frozen=True)
class Environment:
    """What may be set from outside. Each field is the variable SLIPWAY_<NAME>; docs/operations.md explains
    each."""

    secret_key: str
    debug: bool
    allowed_hosts: tuple[str, ...]
    trusted_origins: tuple[str, ...]
    secure: bool
    data_dir: Path
    database_url: str
    broker_url: str
    field_keys: tuple[str, ...]
    audit_key: str
    audit_public_keys: tuple[str, ...]
    audit_checkpoints: Path
    helm: str
    chart_cache: Path
    policy_dir: Path
    library_dir: Path
    catalog_mutable: bool
    log_format: str
    token_days: int
    api_writes_per_minute: int
    api_reads_per_minute: int
    session_hours: int
    session_idle_minutes: int
    proxies: int
    password_words: tuple[str, ...]
    metrics_token: str
    metrics_service: str
    exception_days: Mapping[str, int]
    namespaces_need_pool: bool
    drift_seconds: int
    drift_requests_per_second: int
    drift_controllers: tuple[str, ...]
    base_url: str
    email_url: str
    email_from: str
    webhook_url: str
    webhook_secret: tuple[str, ...]
    outbound_allowed: tuple[str, ...]
    lease_seconds: int
    visibility_seconds: int


def read(source: Mapping[str, str] | None = None, **defaults: str) -> Environment:
    """Read SLIPWAY_ variables; `defaults` are those of a settings module. Raises SettingInvalid."""
    values = os.environ if source is None else source

    def text(name: str, default: str | None = None) -> str:
        value = values.get(f"SLIPWAY_{name.upper()}", defaults.get(name, default))
        if value is None or value == "":
            if default == "":
                return ""
            raise SettingInvalid(f"SLIPWAY_{name.upper()} must be set.")
        return value

    def words(name: str, default: str = "") -> tuple[str, ...]:
        return tuple(part.strip() for part in text(name, default).split(",") if part.strip())

    def flag(name: str, default: str = "false") -> bool:
        value = text(name, default).lower()
        if value not in {"true", "false", "1", "0"}:
            raise SettingInvalid(f"SLIPWAY_{name.upper()} must be true or false, not {value!r}.")
        return value in {"true", "1"}

    def number(name: str, default: str, *, least: int = 0) -> int:
        value = text(name, default)
        if not value.isdigit():
            raise SettingInvalid(f"SLIPWAY_{name.upper()} must be a whole number, not {value!r}.")
        if int(value) < least:
            raise SettingInvalid(f"SLIPWAY_{name.upper()} must be {least} or more, not {value}.")
        return int(value)

    data_dir = Path(text("data_dir", str(PROJECT_DIR / ".slipway"))).absolute()
    local_helm = data_dir / "bin" / "helm"
    return Environment(
        secret_key=text("secret_key"),
        debug=flag("debug"),
        allowed_hosts=words("allowed_hosts"),
        trusted_origins=words("trusted_origins"),
        secure=flag("secure", "true"),
        data_dir=data_dir,
        database_url=text("database_url"),
        broker_url=text("broker_url"),
        field_keys=words("field_keys"),
        audit_key=text("audit_key", ""),
        audit_public_keys=words("audit_public_keys"),
        audit_checkpoints=Path(
            text("audit_checkpoints", str(data_dir / "audit-checkpoints.jsonl"))
        ).absolute(),
        helm=text("helm", str(local_helm) if local_helm.exists() else "helm"),
        chart_cache=Path(text("chart_cache", str(data_dir / "charts"))).absolute(),
        policy_dir=Path(text("policy_dir", str(PROJECT_DIR / "policies"))).absolute(),
        library_dir=Path(text("library_dir", str(PROJECT_DIR / "services_catalog" / "library"))).absolute(),
        catalog_mutable=flag("catalog_mutable"),
        log_format=text("log_format", "json"),
        token_days=number("token_days", "90"),
        api_writes_per_minute=number("api_writes_per_minute", "120"),
        api_reads_per_minute=number("api_reads_per_minute", "1200"),
        session_hours=number("session_hours", "12"),
        session_idle_minutes=number("session_idle_minutes", "60"),
        proxies=number("proxies", "1"),
        password_words=words("password_words"),
        metrics_token=text("metrics_token", ""),
        metrics_service=_service(text("metrics_service", "")),
        exception_days=_days(text("exception_days", "critical=7,high=30,medium=90,low=180")),
        namespaces_need_pool=flag("namespaces_need_pool"),
        drift_seconds=number("drift_seconds", "300"),
        drift_requests_per_second=number("drift_requests_per_second", "20"),
        drift_controllers=words("drift_controllers"),
        base_url=text("base_url", "").rstrip("/"),
        email_url=text("email_url", ""),
        email_from=text("email_from", ""),
        webhook_url=text("webhook_url", ""),
        webhook_secret=words("webhook_secret"),
        outbound_allowed=words("outbound_allowed"),
        lease_seconds=number("lease_seconds", "60", least=3),
        visibility_seconds=number("visibility_seconds", "900", least=1),
    )


def _service(value: str) -> str:
    """`namespace/service:port`, or nothing."""
    if value and not re.fullmatch(r"[a-z0-9][-a-z0-9]*/[a-z0-9][-a-z0-9]*:[a-z0-9][-a-z0-9]*", value):
        raise SettingInvalid(
            "SLIPWAY_METRICS_SERVICE must be like monitoring/prometheus:9090: namespace, service and port."
        )
    return value


def _days(value: str) -> dict[str, int]:
    """{severity: days} of `critical=7,high=30,medium=90,low=180`; every severity has to be named."""
    found = dict(part.strip().split("=", 1) for part in value.split(",") if "=" in part)
    severities = ("critical", "high", "medium", "low")
    usable = all(days.isdigit() and 0 < int(days) <= 3650 for days in found.values())
    if set(found) != set(severities) or not usable:
        raise SettingInvalid(
            "SLIPWAY_EXCEPTION_DAYS must give days for each severity: critical=7,high=30,medium=90,low=180."
        )
    return {severity: int(found[severity]) for severity in severities}


def database(url: str) -> dict[str, Any]:
    """Django's DATABASES entry for `sqlite:///path` or `postgres://user:password@host:port/name?option=…`."""
    parts = urlsplit(url)
    if parts.scheme == "sqlite":
        # WAL, IMMEDIATE: with Django's defaults concurrent writers lose writes to "database is locked".
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": unquote(parts.path)[1:] if parts.path.startswith("//") else unquote(parts.path),
            "CONN_MAX_AGE": None,
            "OPTIONS": {
                "timeout": 20,
                "transaction_mode": "IMMEDIATE",
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;",
            },
        }
    if parts.scheme in {"postgres", "postgresql"}:
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": unquote(parts.path.lstrip("/")),
            "USER": unquote(parts.username or ""),
            "PASSWORD": unquote(parts.password or ""),
            "HOST": unquote(parts.hostname or ""),
            "PORT": str(parts.port or ""),
            "CONN_MAX_AGE": 60,
            "CONN_HEALTH_CHECKS": True,
            "OPTIONS": dict(parse_qsl(parts.query)),
        }
    raise SettingInvalid("SLIPWAY_DATABASE_URL must start with sqlite:/// or postgres://.")
