"""A person's own API tokens. Only a digest is stored; what is shown once cannot be shown again."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db import transaction

from portal.accounts.models import ApiToken, User
from portal.audit.recording import record
from portal.core.errors import NotFound, ValidationFailed

MAX_TOKENS = 50


def longest_days() -> int:
    """How long a token may live at the most, in days: SLIPWAY_TOKEN_DAYS."""
    lifetime: timedelta = settings.REST_KNOX["TOKEN_TTL"]
    return lifetime.days


def create(*, actor: User, name: str, days: int | None = None) -> tuple[ApiToken, str]:
    """A new token and its text. Raises ValidationFailed (lifetime out of bounds, or too many tokens)."""
    days = longest_days() if days is None else days
    if not 1 <= days <= longest_days():
        raise ValidationFailed.at(
            "/expires_in_days", f"A token lives 1 to {longest_days()} days.", "out_of_bounds"
        )
    if actor.auth_token_set.count() >= MAX_TOKENS:
        raise ValidationFailed.at("", f"You have {MAX_TOKENS} tokens. Revoke one first.", "too_many")
    with transaction.atomic():
        token, text = ApiToken.objects.create(actor, expiry=timedelta(days=days), name=name)
        record("token.created", actor, actor=actor, after=_facts(token))
    return token, text


def revoke(token_key: str, *, actor: User) -> None:
    """Take one of the actor's own tokens back. Raises NotFound."""
    with transaction.atomic():
        token = actor.auth_token_set.filter(token_key=token_key).first()
        if token is None:
            raise NotFound
        record("token.revoked", actor, actor=actor, before=_facts(token))
        token.delete()


def _facts(token: ApiToken) -> dict[str, str | None]:
    return {
        "name": token.name,
        "token_key": token.token_key,
        "expiry": token.expiry.isoformat() if token.expiry else None,
    }
