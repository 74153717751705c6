"""For pytest: a database of its own, cheap password hashes, no wake-ups but those that a test asks for."""

import os
import tempfile
from pathlib import Path

from portal.settings import environment
from portal.settings.base import *  # noqa: F403
from portal.settings.base import from_environment

_data = Path(tempfile.gettempdir()) / f"slipway-test-{os.getuid()}"
_data.mkdir(exist_ok=True)

_settings = from_environment(
    environment.read(
        allowed_hosts="localhost,127.0.0.1,testserver",
        secure="false",
        database_url=f"sqlite:///{_data / 'portal.sqlite3'}",
        broker_url="memory://",
        catalog_mutable="true",
        log_format="console",
        secret_key="tests-only-tests-only-tests-only-tests-only",  # noqa: S106
        chart_cache=str(_data / "charts"),
        audit_key="dGVzdHMgb25seSwgdGVzdHMgb25seSwgdGVzdHMuLi4=",
        audit_checkpoints=str(_data / f"audit-checkpoints-{os.getpid()}.jsonl"),
        api_writes_per_minute="0",
        api_reads_per_minute="0",
        proxies="0",
    )
)
_database = _settings["DATABASES"]["default"]
if "sqlite" in _database["ENGINE"]:
    # A file, since live tests use several threads; one for each process, since several runs may be under way.
    _database["TEST"] = {"NAME": str(_data / f"test-{os.getpid()}.sqlite3")}
else:
    _database["TEST"] = {"NAME": f"slipway_test_{os.getpid()}"}
globals().update(_settings)

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
