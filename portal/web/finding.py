"""Finding things by their name, among what one may see."""

from __future__ import annotations

from typing import Any

from django.db.models import Q

from portal.accounts.models import User
from portal.lifecycle.models import Application, ChangeRequest, ServiceInstance
from portal.lifecycle.selectors import policies
from services_catalog import selectors

LONGEST = 80
ROWS = 8
MAX_DIGITS = 18


def change_numbered(user: User, words: str) -> int | None:
    """The id of the change that `12` or `#12` means, if `user` may see it."""
    number = words.removeprefix("#")
    if not number.isascii() or not number.isdecimal() or len(number) > MAX_DIGITS:
        return None
    return ChangeRequest.objects.visible_to(user).filter(pk=number).values_list("pk", flat=True).first()


def named(user: User, words: str) -> dict[str, Any]:
    """The first few of each kind with these words in their name; nothing for no words."""
    if not words:
        return {}
    applications = Application.objects.visible_to(user).select_related("team")
    return {
        "applications": applications.filter(Q(slug__icontains=words) | Q(name__icontains=words))[:ROWS],
        "instances": ServiceInstance.objects.visible_to(user)
        .alive()
        .for_lists()
        .filter(name__icontains=words)[:ROWS],
        "offerings": selectors.entries(selectors.catalog(user, search=words)[:ROWS]),
        "policies": policies.named(words)[:ROWS],
        "changes": ChangeRequest.objects.visible_to(user).for_lists().filter(name__icontains=words)[:ROWS],
    }
