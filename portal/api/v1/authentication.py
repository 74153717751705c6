"""`Authorization: Token …`."""

from __future__ import annotations

from typing import Any

from knox.auth import TokenAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from portal.accounts.models import ApiToken, User
from portal.core import clock


class ApiTokenAuthentication(TokenAuthentication):  # type: ignore[misc]
    """Knox's tokens, at one query a request; bytes that are no text are a wrong token, no error of ours."""

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        try:
            found: tuple[User, ApiToken] | None = super().authenticate(request)
            return found
        except UnicodeDecodeError as exc:
            raise AuthenticationFailed("Invalid token.") from exc

    def _cleanup_token(self, auth_token: Any) -> bool:
        """Whether this token has expired. Knox would look at all of this person's tokens each time."""
        return auth_token.expiry is not None and auth_token.expiry <= clock.now()
