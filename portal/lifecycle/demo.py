"""The demo organisation: an organisation small enough to know by heart, written through the same services."""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import transaction
from knox.crypto import hash_token

from portal.accounts.models import ApiToken, Membership, PlatformRole, Team, User
from portal.accounts.roles import PlatformRoleName, TeamRole
from portal.audit.recording import record
from portal.core import clock
from portal.environments.models import Cluster, Environment
from portal.environments.services import save_environment
from portal.lifecycle.models import Application
from portal.lifecycle.services import applications


@dataclass(frozen=True)
class Person:
    username: str
    first_name: str
    last_name: str
    role: str
    team: str = ""


PEOPLE = (
    Person("alice", "Alice", "Arnold", TeamRole.DEVELOPER, "shop"),
    Person("bob", "Bob", "Brandt", TeamRole.DEVELOPER, "shop"),
    Person("pia", "Pia", "Peters", TeamRole.DEVELOPER, "payments"),
    Person("mona", "Mona", "Maier", TeamRole.MAINTAINER, "shop"),
    Person("olga", "Olga", "Orlov", PlatformRoleName.OPERATOR),
    Person("oscar", "Oscar", "Olsen", PlatformRoleName.OPERATOR),
    Person("pete", "Pete", "Park", PlatformRoleName.PLATFORM_ENGINEER),
    Person("audrey", "Audrey", "Auster", PlatformRoleName.AUDITOR),
)
TEAMS = {"shop": "Shop", "payments": "Payments"}
APPLICATIONS = (
    ("shop", "storefront", "Storefront", "What customers see and buy from."),
    ("shop", "search", "Search", "Finds products as people type."),
    ("payments", "ledger", "Ledger", "Every booking, once."),
)
PASSWORD_BYTES = 12


def load(cluster: Cluster) -> dict[str, User]:
    """Write teams, people, stages and applications. What is there already stays as it is."""
    missing = {p.username for p in PEOPLE} - set(User.objects.values_list("username", flat=True))
    with transaction.atomic():
        teams = {
            slug: Team.objects.get_or_create(slug=slug, defaults={"name": name})[0]
            for slug, name in TEAMS.items()
        }
        people = {person.username: _person(person, teams) for person in PEOPLE}
    _stages(cluster)
    _applications(teams)
    if missing:
        record("demo.loaded", cluster, actor=None, after={"people": sorted(missing)})
    return people


def _person(person: Person, teams: dict[str, Team]) -> User:
    user, _ = User.objects.get_or_create(
        username=person.username,
        defaults={
            "first_name": person.first_name,
            "last_name": person.last_name,
            "email": f"{person.username}@example.com",
        },
    )
    if person.team:
        Membership.objects.get_or_create(team=teams[person.team], user=user, defaults={"role": person.role})
    else:
        PlatformRole.objects.get_or_create(user=user, role=person.role)
    return user


def _stages(cluster: Cluster) -> None:
    dev = save_environment(
        slug="dev", name="Development", order=1, stripe=Environment.Stripe.DEV, cluster=cluster
    )
    staging = save_environment(
        slug="staging",
        name="Staging",
        order=2,
        stripe=Environment.Stripe.STAGING,
        cluster=cluster,
        promotes_from=[dev],
    )
    save_environment(
        slug="production",
        name="Production",
        order=3,
        stripe=Environment.Stripe.PRODUCTION,
        cluster=cluster,
        promotes_from=[staging],
        approvals_required=1,
    )


def _applications(teams: dict[str, Team]) -> None:
    maintainer = User.objects.get(username="mona")
    for team, slug, name, description in APPLICATIONS:
        if Application.objects.filter(slug=slug).exists():
            continue
        if team == "shop":
            applications.create(
                team=teams[team], actor=maintainer, slug=slug, name=name, description=description
            )
        else:
            Application.objects.create(team=teams[team], slug=slug, name=name, description=description)


def _authenticates(user: User, token: str) -> bool:
    found: bool = ApiToken.objects.filter(
        user=user, digest=hash_token(token), expiry__gt=clock.now()
    ).exists()
    return found


def write_accounts(path: Path, *, url: str, people: dict[str, User]) -> dict[str, Any]:
    """Give each person a password and a token, once, and write them to `path`, readable by its owner alone.

    An existing file is kept, and so are the accounts in it; only its url is brought up to date.
    """
    known = json.loads(path.read_text()) if path.exists() else {"users": {}}
    roles = {person.username: str(person.role) for person in PEOPLE}
    users = known.get("users", {})
    for name, user in people.items():
        # the token rather than the password: checking eight of those takes seconds
        if name in users and _authenticates(user, users[name]["token"]):
            continue
        password = secrets.token_urlsafe(PASSWORD_BYTES)
        user.set_password(password)
        user.save(update_fields=["password"])
        _, token = ApiToken.objects.create(user=user, name="demo")
        users[name] = {"password": password, "token": token, "role": roles[name]}
    content = {"url": url, "users": users}
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".new")
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(content, file, indent=2)
    temporary.replace(path)
    return content
