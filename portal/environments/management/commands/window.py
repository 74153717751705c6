"""`manage.py window list|add|remove`: freezes and opening hours from the command line."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Callable
from datetime import date, datetime, time
from typing import Any, TypeVar

from django.core.management.base import BaseCommand, CommandError

from portal.core import clock
from portal.core.errors import SlipwayError, ValidationFailed
from portal.environments import window_services
from portal.environments.models import Environment, Window
from portal.environments.schedules import next_of, schedule_of
from portal.environments.window_checks import YEARS, time_zones
from portal.environments.windows import Kind, once

T = TypeVar("T")


class Command(BaseCommand):
    help = "Freezes and opening hours of an environment. Times are local to --time-zone."

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        listing = actions.add_parser("list", help="whether it is open, and every window")
        listing.add_argument("environment")
        adding = actions.add_parser("add", help="one window: --from and --until, or --rrule with the others")
        adding.add_argument("environment")
        adding.add_argument("kind", choices=[each.value for each in Kind])
        adding.add_argument("--reason", required=True)
        adding.add_argument("--time-zone", required=True, metavar="Europe/Berlin")
        adding.add_argument("--from", metavar="2026-12-20T18:00")
        adding.add_argument("--until", metavar="2027-01-02T08:00")
        adding.add_argument("--rrule", default="", metavar="FREQ=WEEKLY;BYDAY=MO,TU")
        adding.add_argument("--first-day", metavar="2026-12-01", help="default: today")
        adding.add_argument("--last-day", metavar="2027-12-31")
        adding.add_argument("--start-time", metavar="09:00")
        adding.add_argument("--minutes", type=int)
        removing = actions.add_parser("remove", help="by its number, as `list` shows it")
        removing.add_argument("environment")
        removing.add_argument("number", type=int)
        removing.add_argument("--comment", default="")

    def handle(self, *args: Any, **options: Any) -> None:
        environment = Environment.objects.filter(slug=options["environment"]).first()
        if environment is None:
            raise CommandError(f"There is no environment {options['environment']!r}.")
        try:
            getattr(self, options["action"])(environment, options)
        except ValidationFailed as refused:
            said = (f"{each['path'][1:]}: {each['message']}" for each in refused.errors)
            raise CommandError("; ".join(said)) from refused
        except SlipwayError as refused:
            raise CommandError(refused.message) from refused

    def list(self, environment: Environment, options: dict[str, Any]) -> None:
        now = clock.now()
        state = schedule_of(environment).state_at(now)
        word, until = (
            "open" if state.open else "closed",
            f" until {state.ends.isoformat()}" if state.ends else "",
        )
        self.stdout.write(f"{environment.slug} is {word}{until}. {state.reason}".strip())
        for window in environment.windows.all():
            following = next_of(window, now)
            comes = f"next {following.start.isoformat()}" if following else "over"
            facts = (f"{name} {value}" for name, value in window_services.facts(window).items())
            self.stdout.write(f"{window.pk}: {comes}; {', '.join(facts)}")

    def add(self, environment: Environment, options: dict[str, Any]) -> None:
        names = ("kind", "reason", "time_zone")
        fields = {**{name: options[name] for name in names}, **self._when(options)}
        window = window_services.create(environment, actor=None, **fields)
        self.stdout.write(f"{window.pk} is set: {window}.")

    def remove(self, environment: Environment, options: dict[str, Any]) -> None:
        window = Window.objects.filter(environment=environment, pk=options["number"]).first()
        if window is None:
            raise CommandError(f"There is no window {options['number']} in {environment.slug}.")
        window_services.remove(window, actor=None, comment=options["comment"])
        self.stdout.write(f"{options['number']} is removed.")

    def _when(self, options: dict[str, Any]) -> dict[str, Any]:
        if not options["from"] and not options["until"]:
            return {
                "rrule": options["rrule"],
                "first_day": self._read(options, "first_day", date.fromisoformat) or clock.now().date(),
                "start_time": self._read(options, "start_time", time.fromisoformat),
                "minutes": options["minutes"],
                "until": self._read(options, "last_day", date.fromisoformat),
            }
        if options["rrule"]:
            raise CommandError("Give --from and --until, or --rrule with the others; not both.")
        start, end = (self._read(options, name, datetime.fromisoformat) for name in ("from", "until"))
        if not start or not end or options["time_zone"] not in time_zones():
            raise CommandError("Give --from, --until and a time zone such as Europe/Berlin.")
        if start.tzinfo or end.tzinfo or start.year not in YEARS or end.year not in YEARS:
            raise CommandError("Give local times of --time-zone without an offset, such as 2026-12-20T18:00.")
        when = once(Kind(options["kind"]), options["time_zone"], start, end)
        return {"starts_at": when.start, "ends_at": when.end}

    def _read(self, options: dict[str, Any], name: str, reader: Callable[[str], T]) -> T | None:
        try:
            return reader(options[name]) if options[name] else None
        except ValueError as wrong:
            raise CommandError(f"--{name.replace('_', '-')}: {wrong}") from wrong
