"""`Idempotency-Key`: a repeated request is the same request."""

from __future__ import annotations

from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request

from portal.core.digests import digest_of
from portal.core.errors import InvalidInput

MAX_LENGTH = 200
HEADER = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "minLength": 1, "maxLength": MAX_LENGTH, "pattern": "^[!-~]+$"},
    OpenApiParameter.HEADER,
    description="Your own name for this request, a UUID say. Sent again, it gives the change made first.",
)


def key_and_fingerprint(request: Request) -> tuple[str | None, str]:
    """The key, if one was sent, and the digest of the body. Raises InvalidInput."""
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return None, ""
    if not 1 <= len(key) <= MAX_LENGTH or not all("!" <= character <= "~" for character in key):
        raise InvalidInput(f"Idempotency-Key must have 1 to {MAX_LENGTH} visible ASCII characters.")
    return key, digest_of(request.data)
