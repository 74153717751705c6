"""`manage.py person grant USERNAME ROLE`, `person on-call|off-call USERNAME TEAM`: who may do what."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from portal.accounts.models import Membership, User
from portal.accounts.roles import PlatformRoleName
from portal.core.errors import SlipwayError
from portal.lifecycle.services import people

ON_CALL, OFF_CALL = "on-call", "off-call"


class Command(BaseCommand):
    help = "Give somebody a platform-wide role, or put a maintainer on call or off."

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        grant = actions.add_parser("grant", help="give a platform-wide role")
        grant.add_argument("username")
        grant.add_argument("role", choices=PlatformRoleName.values)
        for action in (ON_CALL, OFF_CALL):
            call = actions.add_parser(action, help="a maintainer on call may pass a gate in an emergency")
            call.add_argument("username")
            call.add_argument("team", help="the team's slug")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(username=options["username"]).first()
        if user is None:
            raise CommandError(
                f"There is nobody called {options['username']!r}. Create them with createsuperuser."
            )
        if options["action"] != "grant":
            self._call(user, options["team"], on_call=options["action"] == ON_CALL)
            return
        role = PlatformRoleName(options["role"])
        created = people.grant(user, role, actor=None)
        self.stdout.write(f"{user} is {'now' if created else 'already'} {role.label.lower()}.")

    def _call(self, user: User, team: str, *, on_call: bool) -> None:
        rows = Membership.objects.select_related("team", "user")
        membership = rows.filter(user=user, team__slug=team).first()
        if membership is None:
            raise CommandError(f"{user} is in no team {team!r}.")
        try:
            changed = people.set_on_call(membership, on_call, actor=None)
        except SlipwayError as exc:
            raise CommandError(exc.message) from exc
        word = "on call" if on_call else "off call"
        self.stdout.write(f"{user} is {'now' if changed else 'already'} {word} for {team}.")
