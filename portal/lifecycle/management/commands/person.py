"""`manage.py person grant USERNAME ROLE`: let the first people in."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from portal.accounts.models import User
from portal.accounts.roles import PlatformRoleName
from portal.lifecycle.services import people


class Command(BaseCommand):
    help = "Give somebody a platform-wide role."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("action", choices=["grant"])
        parser.add_argument("username")
        parser.add_argument("role", choices=PlatformRoleName.values)

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(username=options["username"]).first()
        if user is None:
            raise CommandError(
                f"There is nobody called {options['username']!r}. Create them with createsuperuser."
            )
        role = PlatformRoleName(options["role"])
        created = people.grant(user, role, actor=None)
        self.stdout.write(f"{user} is {'now' if created else 'already'} {role.label.lower()}.")
