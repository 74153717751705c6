"""`manage.py person grant USERNAME ROLE`, `person on-call|off-call USERNAME TEAM`: who may do what.
`person sign-out USERNAME` or `person sign-out --everybody`: end sessions."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from portal.accounts.models import Membership, User
from portal.accounts.roles import PlatformRoleName
from portal.core.errors import SlipwayError
from portal.lifecycle.services import people, sessions

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
        out = actions.add_parser("sign-out", help="end somebody's sessions, in whatever browser")
        who = out.add_mutually_exclusive_group(required=True)
        who.add_argument("username", nargs="?")
        who.add_argument("--everybody", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["action"] == "sign-out" and options["everybody"]:
            ended = sum(sessions.end_all_of(user, actor=None) for user in User.objects.all())
            self.stdout.write(f"{ended} sessions ended.")
            return
        user = User.objects.filter(username=options["username"]).first()
        if user is None:
            raise CommandError(
                f"There is nobody called {options['username']!r}. Create them with createsuperuser."
            )
        if options["action"] == "sign-out":
            self.stdout.write(f"{sessions.end_all_of(user, actor=None)} sessions ended.")
            return
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
