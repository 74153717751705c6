"""`manage.py group save SLUG --name NAME --member USERNAME …`: a group of approvers and its members."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from portal.accounts.models import User
from portal.core.errors import SlipwayError
from portal.environments.groups import save_group
from portal.environments.models import ApproverGroup


class Command(BaseCommand):
    help = "Create a group of approvers, or change it: the members given are all that it has from then on."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("action", choices=["save"])
        parser.add_argument("slug")
        parser.add_argument("--name", help="left out: as it is, or as the slug")
        parser.add_argument(
            "--member",
            dest="members",
            action="append",
            help="a user name; may be repeated. None: as they are",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        group = ApproverGroup.objects.filter(slug=options["slug"]).first()
        members = list(group.members.all()) if group else []
        if options["members"] is not None:
            members = [_person(username) for username in options["members"]]
        name = options["name"] or (group.name if group else options["slug"])
        try:
            saved = save_group(slug=options["slug"], name=name, members=members, actor=None)
        except SlipwayError as exc:
            raise CommandError(exc.message) from exc
        names = ", ".join(saved.members.values_list("username", flat=True)) or "nobody"
        self.stdout.write(f"{saved.slug}: {names}.")


def _person(username: str) -> User:
    user = User.objects.filter(username=username).first()
    if user is None:
        raise CommandError(f"There is nobody called {username!r}.")
    return user
