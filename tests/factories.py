"""Rows for tests that are about reading; what is about doing goes through the services instead."""

from __future__ import annotations

from datetime import timedelta

import factory
from django.utils import timezone

from portal.accounts.models import Membership, PlatformRole, Team, User
from portal.environments.models import Cluster, Environment, Window
from portal.lifecycle.models import Application, ChangeRequest, PolicyException, Release, ServiceInstance
from portal.lifecycle.states import ChangeKind, ChangeState, ExceptionState, Health
from services_catalog.archives import pack_files
from services_catalog.models import ChartArchive, Offering, OfferingVersion, Plan

UNREACHABLE = """\
apiVersion: v1
kind: Config
clusters: [{name: none, cluster: {server: "https://127.0.0.1:1"}}]
users: [{name: none, user: {token: none}}]
contexts: [{name: none, context: {cluster: none, user: none}}]
current-context: none
"""


class TeamFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Team
        django_get_or_create = ("slug",)

    slug = factory.Sequence(lambda n: f"team-{n}")
    name = factory.LazyAttribute(lambda o: o.slug.title())


class UserFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = User
        django_get_or_create = ("username",)
        skip_postgeneration_save = True

    username = factory.Sequence(lambda n: f"person-{n}")
    email = factory.LazyAttribute(lambda o: f"{o.username}@example.com")
    password = factory.django.Password("correct horse battery")


class ClusterFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Cluster
        django_get_or_create = ("slug",)

    slug = "sandbox"
    name = "Sandbox"
    kubeconfig = UNREACHABLE
    version = "v1.36.2"


class EnvironmentFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Environment
        django_get_or_create = ("slug",)
        skip_postgeneration_save = True

    slug = "dev"
    name = factory.LazyAttribute(lambda o: o.slug.title())
    order = factory.Sequence(lambda n: n + 10)
    cluster = factory.SubFactory(ClusterFactory)

    @factory.post_generation
    def promotes_from(self, create, sources, **_):  # type: ignore[no-untyped-def]
        if create and sources is not None:
            self.promotes_from.set(sources)


class WindowFactory(factory.django.DjangoModelFactory):
    """A freeze of a week that begins in a year."""

    class Meta:
        model = Window

    environment = factory.SubFactory(EnvironmentFactory)
    kind = "freeze"
    reason = "Stock-taking."
    time_zone = "Europe/Berlin"
    starts_at = factory.LazyFunction(lambda: timezone.now() + timedelta(days=365))
    ends_at = factory.LazyAttribute(lambda o: o.starts_at + timedelta(days=7) if o.starts_at else None)
    saved_by = factory.SubFactory(UserFactory)
    saved_at = factory.LazyFunction(timezone.now)


class ApplicationFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Application
        django_get_or_create = ("slug",)

    team = factory.SubFactory(TeamFactory)
    slug = factory.Sequence(lambda n: f"app-{n}")
    name = factory.LazyAttribute(lambda o: o.slug.title())


class OfferingFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Offering
        django_get_or_create = ("slug",)

    slug = "thing"
    name = "Thing"
    summary = "A thing."
    category = "tests"
    owner = "tests"


THING = pack_files(
    {
        "Chart.yaml": b"apiVersion: v2\nname: thing\nversion: 1.0.0\n",
        "templates/thing.yaml": b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: '{{ .Release.Name }}'}\n",
    },
    label="thing",
)


class ChartArchiveFactory(factory.django.DjangoModelFactory):
    """A chart of one ConfigMap, which helm can render."""

    class Meta:
        model = ChartArchive
        django_get_or_create = ("digest",)

    digest = THING.digest
    name = THING.name
    version = THING.version
    content = THING.content


class OfferingVersionFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = OfferingVersion
        django_get_or_create = ("offering", "version")

    offering = factory.SubFactory(OfferingFactory)
    version = "1.0.0"
    status = "active"
    chart = factory.SubFactory(ChartArchiveFactory)


class PlanFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Plan
        django_get_or_create = ("offering_version", "slug")

    offering_version = factory.SubFactory(OfferingVersionFactory)
    slug = "small"
    name = "Small"
    price_cents_per_month = 900


class InstanceFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = ServiceInstance

    application = factory.SubFactory(ApplicationFactory)
    environment = factory.SubFactory(EnvironmentFactory)
    offering = factory.SubFactory(OfferingFactory)
    name = factory.Sequence(lambda n: f"thing-{n}")
    created_by = factory.SubFactory(UserFactory)
    health = Health.READY


class ReleaseFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Release

    instance = factory.SubFactory(InstanceFactory)
    number = factory.Sequence(lambda n: n + 1)
    offering_version = factory.SubFactory(OfferingVersionFactory)
    plan = factory.SubFactory(PlanFactory)
    chart = factory.SubFactory(ChartArchiveFactory)
    inputs: dict = {}
    values: dict = {}
    masked_values: dict = {}
    objects_digest = "sha256:" + "0" * 64
    policy_digest = "sha256:" + "1" * 64
    target = factory.LazyAttribute(lambda o: {"release": o.instance.name})
    objects_masked: list = []
    created_by = factory.SubFactory(UserFactory)


class ChangeFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = ChangeRequest

    kind = ChangeKind.CREATE
    state = ChangeState.SUCCEEDED
    instance = factory.SubFactory(InstanceFactory)
    application = factory.SelfAttribute("instance.application")
    environment = factory.SelfAttribute("instance.environment")
    offering = factory.SelfAttribute("instance.offering")
    name = factory.SelfAttribute("instance.name")
    release = factory.LazyAttribute(lambda o: ReleaseFactory(instance=o.instance))
    requested_by = factory.SubFactory(UserFactory)
    seal = factory.LazyAttribute(lambda o: o.release.digest if o.release else "")
    created_at = factory.LazyFunction(timezone.now)


class PolicyExceptionFactory(factory.django.DjangoModelFactory):
    """Granted yesterday, by somebody else than who asked."""

    class Meta:
        model = PolicyException

    policy = "some-policy"
    severity = "medium"
    application = factory.SubFactory(ApplicationFactory)
    environment = factory.SubFactory(EnvironmentFactory)
    message = "Something is wrong."
    reason = "It cannot be helped yet."
    state = ExceptionState.GRANTED
    requested_by = factory.SubFactory(UserFactory)
    requested_at = factory.LazyFunction(lambda: timezone.now() - timedelta(days=1))
    decided_by = factory.SubFactory(UserFactory)
    decided_at = factory.LazyAttribute(lambda o: o.requested_at)
    expires_at = factory.LazyFunction(lambda: (timezone.now() + timedelta(days=1)).replace(microsecond=0))


def member(username: str, team: Team, role: str = Membership.Role.DEVELOPER) -> User:
    user = UserFactory(username=username)
    Membership.objects.get_or_create(team=team, user=user, defaults={"role": role})
    return user


def platform(username: str, role: str) -> User:
    user = UserFactory(username=username)
    PlatformRole.objects.get_or_create(user=user, role=role)
    return user
