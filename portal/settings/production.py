"""Closed by default: everything that matters must be set."""

from portal.settings import environment
from portal.settings.base import *  # noqa: F403
from portal.settings.base import from_environment

SHORTEST_KEY = 32

_environ = environment.read()
if not _environ.audit_key:
    raise environment.SettingInvalid(
        "SLIPWAY_AUDIT_KEY must be set. Make one with openssl rand -base64 32, and keep it."
    )
if _environ.debug:
    raise environment.SettingInvalid("SLIPWAY_DEBUG would show secrets to everybody: not in production.")
for _name, _keys in (
    ("SLIPWAY_SECRET_KEY", (_environ.secret_key,)),
    ("SLIPWAY_FIELD_KEYS", _environ.field_keys),
):
    if any(len(key) < SHORTEST_KEY for key in _keys):
        raise environment.SettingInvalid(
            f"{_name} must have {SHORTEST_KEY} characters at the least: openssl rand -base64 48 makes one."
        )
globals().update(from_environment(_environ))

SECURE_SSL_REDIRECT = True
# whoever sends a token in the clear is told so (portal/web/headers.py), not led on
SECURE_REDIRECT_EXEMPT = [r"^health/", r"^api/"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_HSTS_SECONDS = 31536000
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
