"""The embedded defaults: SQLite, Valkey on a socket, plain HTTP on loopback."""

from portal.settings import environment
from portal.settings.base import *  # noqa: F403
from portal.settings.base import from_environment

_data = environment.PROJECT_DIR / ".slipway"

globals().update(
    from_environment(
        environment.read(
            allowed_hosts="localhost,127.0.0.1,[::1]",
            secure="false",
            database_url=f"sqlite:///{_data / 'portal.sqlite3'}",
            broker_url=f"redis+socket://{_data / 'run' / 'valkey.sock'}",
            catalog_mutable="true",
            proxies="0",
            log_format="console",
            outbound_allowed="localhost,127.0.0.0/8,::1",
            secret_key="only-for-a-portal-on-loopback-that-nobody-else-reaches",  # noqa: S106
        )
    )
)

# as in production: compressed, and kept by browsers for good under a name that changes with the content
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
