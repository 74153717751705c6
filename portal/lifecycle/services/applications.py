"""Registering applications."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from portal.accounts.models import Team, User
from portal.accounts.permissions import require
from portal.accounts.roles import Verb
from portal.audit.recording import record
from portal.core.errors import ValidationFailed
from portal.lifecycle.models import Application


def create(*, team: Team, actor: User, slug: str, name: str, description: str = "") -> Application:
    """Register an application of `team`. Raises NotPermitted, ValidationFailed with all errors."""
    require(actor, Verb.MANAGE_TEAM, team.pk)
    application = Application(team=team, slug=slug, name=name, description=description, created_by=actor)
    try:
        application.full_clean(validate_unique=True)
        with transaction.atomic():
            application.save()
            record("application.created", application, actor=actor, after={"slug": slug, "name": name})
    except ValidationError as exc:
        errors = [
            {"path": f"/{field}", "message": message, "code": "invalid"}
            for field, messages in exc.message_dict.items()
            for message in messages
        ]
        raise ValidationFailed(errors) from exc
    except IntegrityError as exc:
        raise ValidationFailed.at("/slug", "An application with this name exists already.", "taken") from exc
    return application
