"""Who may do what with sources, what is checked, and what the trail says of it."""

from __future__ import annotations

from typing import Any

import pytest

from portal.accounts import rotation
from portal.accounts.models import User
from portal.accounts.roles import PlatformRoleName
from portal.audit.models import AuditEvent
from portal.core.errors import NotFound, NotPermitted, StateConflict, ValidationFailed
from services_catalog.models import ChartSource, SourceVersion, VersionStatus
from services_catalog.sources import services
from tests.factories import OfferingVersionFactory, UserFactory, platform
from tests.fixtures.helm_repository import Repository
from tests.services_catalog.sources.conftest import AddSource, row_of, states, sync

pytestmark = pytest.mark.django_db
URL = "https://charts.example.org/stable"


@pytest.fixture
def pete() -> User:
    return platform("pete", PlatformRoleName.PLATFORM_ENGINEER)


def events(action: str) -> list[AuditEvent]:
    return list(AuditEvent.objects.filter(action=action).order_by("at", "sequence"))


def create(actor: User | None, **fields: Any) -> ChartSource:
    return services.create(
        actor=actor, **{"slug": "stable", "name": "Stable", "kind": "helm", "url": URL, **fields}
    )


def paths(caught: pytest.ExceptionInfo[ValidationFailed]) -> list[str]:
    return [error["path"] for error in caught.value.errors]


def test_a_platform_engineer_adds_a_source_and_the_trail_holds_no_secret(pete: User) -> None:
    source = create(pete, username="reader", secret="let-me-in")
    assert source.credentials == ("reader", "let-me-in")
    [event] = events("source.created")
    assert (event.actor, event.object_id) == (pete, str(source.pk))
    assert event.after["url"] == URL
    assert "let-me-in" not in str(event.after)


@pytest.mark.parametrize("role", [PlatformRoleName.OPERATOR, PlatformRoleName.AUDITOR, None])
def test_nobody_else_manages_sources(pete: User, role: PlatformRoleName | None) -> None:
    somebody = platform("somebody", role) if role else UserFactory()
    source = create(pete)
    for attempt in (
        lambda: create(somebody, slug="other"),
        lambda: services.change(source, actor=somebody, name="Mine"),
        lambda: services.ask(source, actor=somebody),
        lambda: services.remove(source, actor=somebody),
    ):
        with pytest.raises(NotPermitted):
            attempt()


@pytest.mark.parametrize(
    ("role", "sees"),
    [
        (PlatformRoleName.PLATFORM_ENGINEER, 1),
        (PlatformRoleName.OPERATOR, 1),
        (PlatformRoleName.AUDITOR, 1),
        (None, 0),
    ],
)
def test_who_reads_the_whole_trail_sees_sources(role: PlatformRoleName | None, sees: int) -> None:
    create(None)
    person = platform("person", role) if role else UserFactory()
    assert ChartSource.objects.visible_to(person).count() == sees


def test_a_secret_is_ciphertext_in_the_database_and_is_rotated(settings: Any) -> None:
    source = create(None, secret="let-me-in")
    place = "services_catalog_chartsource.secret"
    assert rotation.standing()[place].total() == 1
    settings.SLIPWAY_FIELD_KEYS = ("another key, that is newer", *settings.SLIPWAY_FIELD_KEYS)
    assert rotation.outdated()[place] == 1
    assert sum(done.changed for done in rotation.rotate() if done.place == place) == 1
    assert place not in rotation.outdated()
    source.refresh_from_db()
    assert source.secret == "let-me-in"


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"slug": "Not A Slug"}, "/slug"),
        ({"slug": "library"}, "/slug"),
        ({"name": " "}, "/name"),
        ({"kind": "tree"}, "/kind"),
        ({"url": "ftp://charts.example.org"}, "/url"),
        ({"url": "https://reader:secret@charts.example.org"}, "/url"),
        ({"url": "https://10.0.0.1/charts"}, "/url"),
        ({"url": "http://192.0.2.7/charts"}, "/url"),
        ({"url": "https://169.254.169.254/"}, "/url"),
        ({"url": URL + "#fragment"}, "/url"),
        ({"username": "reader"}, "/secret"),
        ({"username": "a:b", "secret": "x"}, "/username"),
        ({"secret": "two\nlines"}, "/secret"),
        ({"requires_provenance": True}, "/keyring"),
        ({"charts": ["a/b"]}, "/charts"),
        ({"charts": "teal"}, "/charts"),
        ({"kind": "oci", "url": "oci://registry.example.org"}, "/charts"),
        ({"kind": "oci", "url": "oci://registry.example.org", "charts": ["Upper"]}, "/charts"),
        ({"kind": "git", "charts": ["../up"]}, "/charts"),
        ({"kind": "git", "charts": ["-flag"]}, "/charts"),
        ({"kind": "git", "charts": [":(exclude)x"]}, "/charts"),
        ({"kind": "git", "branch": "--upload-pack=x"}, "/branch"),
        ({"kind": "git", "branch": "a..b"}, "/branch"),
        ({"branch": "main"}, "/branch"),
        ({"newest": 0}, "/newest"),
        ({"interval_seconds": 5}, "/interval_seconds"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(fields: dict[str, Any], path: str) -> None:
    with pytest.raises(ValidationFailed) as caught:
        create(None, **fields)
    assert path in paths(caught)
    assert not ChartSource.objects.exists()


def test_everything_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(ValidationFailed) as caught:
        create(None, slug="?", name="", newest=0)
    assert paths(caught) == ["/slug", "/name", "/newest"]


def test_a_slug_is_taken_once_and_free_again_when_the_source_is_gone() -> None:
    first = create(None)
    with pytest.raises(ValidationFailed, match="already"):
        create(None)
    services.remove(first, actor=None)
    assert create(None).pk != first.pk


def test_a_change_says_what_was_and_what_is(pete: User) -> None:
    source = create(pete)
    services.change(source, actor=pete, newest=3, name="Stable")
    [event] = events("source.changed")
    assert (event.before, event.after) == ({"newest": 10}, {"newest": 3})
    services.change(source, actor=pete, newest=3)
    assert len(events("source.changed")) == 1


def test_a_secret_is_not_sent_to_another_server_by_changing_the_address(pete: User) -> None:
    source = create(pete, secret="let-me-in")
    with pytest.raises(ValidationFailed) as caught:
        services.change(source, actor=pete, url="https://charts.example.net/")
    assert paths(caught) == ["/secret"]
    services.change(source, actor=pete, url="https://charts.example.org/elsewhere")
    changed = services.change(source, actor=pete, url="https://charts.example.net/", secret="")
    assert changed.secret is None


def test_a_source_that_feeds_the_catalog_cannot_be_removed(
    pete: User, helm_repository: Repository, add_source: AddSource
) -> None:
    helm_repository.add("teal", "1.0.0")
    source = add_source(helm_repository.url)
    sync(source)
    row = row_of(source, "teal", "1.0.0")
    row.offering_version = OfferingVersionFactory(chart=row.archive)
    row.save()

    with pytest.raises(services.SourceInUse, match="Retire them first"):
        services.remove(source, actor=pete)

    row.offering_version.status = VersionStatus.RETIRED
    row.offering_version.save()
    services.remove(source, actor=pete, comment="we have our own")
    assert states(source) == {"teal 1.0.0": "gone"}
    assert SourceVersion.objects.get().archive_id is not None
    assert not ChartSource.objects.present().exists()
    [event] = events("source.removed")
    assert event.comment == "we have our own"
    with pytest.raises(NotFound):
        services.ask(source, actor=pete)


def test_a_disabled_source_is_left_alone(pete: User) -> None:
    source = services.change(create(pete), actor=pete, enabled=False)
    assert not ChartSource.objects.due().exists()
    with pytest.raises(StateConflict, match="Enable it first"):
        services.ask(source, actor=pete)


def test_a_version_that_was_refused_is_looked_at_again_when_somebody_asks(
    pete: User, helm_repository: Repository, add_source: AddSource
) -> None:
    helm_repository.add("teal", "1.0.0")
    archive = helm_repository.folder / "teal-1.0.0.tgz"
    good = archive.read_bytes()
    archive.write_bytes(good + b"\0")
    source = add_source(helm_repository.url)
    sync(source)
    assert states(source) == {"teal 1.0.0": "digest_differs"}
    archive.write_bytes(good)
    assert sync(source).new == 0

    services.retry(row_of(source, "teal", "1.0.0"), actor=pete)

    assert sync(source).new == 1
    assert len(events("source.version_retried")) == 1
    with pytest.raises(StateConflict):
        services.retry(row_of(source, "teal", "1.0.0"), actor=pete)


def test_the_trail_says_what_came_went_and_was_refused_and_nothing_when_nothing_did(
    helm_repository: Repository, add_source: AddSource
) -> None:
    helm_repository.add("teal", "1.0.0")
    helm_repository.add("amber", "1.0.0")
    helm_repository.change_entry("amber", "1.0.0", digest="0" * 64)
    source = add_source(helm_repository.url)
    sync(source)
    [event] = events("source.synchronised")
    assert event.after["versions"] == ["teal 1.0.0"]
    [refused] = events("source.version_refused")
    assert refused.after == {"chart": "amber", "version": "1.0.0", "code": "digest_differs"}

    sync(source)
    assert len(events("source.synchronised")) == len(events("source.version_refused")) == 1

    helm_repository.answer("/charts/index.yaml", 500)
    sync(source)
    sync(source)
    assert len(events("source.failed")) == 1
