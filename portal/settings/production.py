"""Closed by default: everything that matters must be set."""

from portal.settings import environment
from portal.settings.base import *  # noqa: F403
from portal.settings.base import from_environment

_environ = environment.read()
if not _environ.audit_key:
    raise environment.SettingInvalid(
        "SLIPWAY_AUDIT_KEY must be set. Make one with openssl rand -base64 32, and keep it."
    )
globals().update(from_environment(_environ))

SECURE_SSL_REDIRECT = True
SECURE_REDIRECT_EXEMPT = [r"^health/"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_HSTS_SECONDS = 31536000
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
