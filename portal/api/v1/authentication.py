"""`Authorization: Token …`."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from knox.auth import TokenAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from portal.accounts.models import ApiToken, User
from portal.core import clock

PRECISION = timedelta(minutes=1)


class ApiTokenAuthentication(TokenAuthentication):  # type: ignore[misc]
    """Knox's tokens, at one query a request; bytes that are no text are a wrong token, no error of ours."""

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        try:
            found: tuple[User, ApiToken] | None = super().authenticate(request)
            return found
        except UnicodeDecodeError as exc:
            raise AuthenticationFailed("Invalid token.") from exc

    def validate_user(self, auth_token: ApiToken) -> tuple[User, ApiToken]:
        """The person, if the account is open. When the token was used is noted to the minute."""
        found: tuple[User, ApiToken] = super().validate_user(auth_token)
        now = clock.now()
        if auth_token.last_used_at is None or now - auth_token.last_used_at >= PRECISION:
            ApiToken.objects.filter(pk=auth_token.pk).update(last_used_at=now)
        return found

    def _cleanup_token(self, auth_token: Any) -> bool:
        """Whether this token has expired. Knox would look at all of this person's tokens each time."""
        return auth_token.expiry is not None and auth_token.expiry <= clock.now()
