"""`manage.py catalog source`, and the library's files as a source among the others."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from services_catalog.models import ChartSource, SourceKind, SourceVersion
from services_catalog.sync import Step, sync
from tests.factories import OfferingVersionFactory
from tests.fixtures import examined
from tests.fixtures.helm_repository import Repository

pytestmark = pytest.mark.django_db


def load_the_library() -> list[Step]:
    with examined.shared():
        return sync()


def source(*arguments: str) -> str:
    said = io.StringIO()
    call_command("catalog", "source", *arguments, stdout=said)
    return said.getvalue()


def test_a_source_is_added_read_listed_and_taken_away(helm_repository: Repository) -> None:
    helm_repository.add("teal", "1.0.0")
    helm_repository.add("amber", "1.0.0")
    helm_repository.change_entry("amber", "1.0.0", digest="0" * 64)
    source("add", "stable", "--kind", "helm", "--url", helm_repository.url, "--newest", "3")

    said = source("sync", "stable")
    assert "teal 1.0.0\n" in said
    assert "amber 1.0.0 refused (digest_differs): The archive has the digest" in said
    assert "stable  helm" in source("list")

    source("remove", "stable", "--reason", "moved")
    assert "stable" not in source("list")


def test_a_secret_comes_from_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("let-me-in\n"))
    address = ("--kind", "helm", "--url", "https://charts.example.org")
    source("add", "stable", *address, "--username", "reader", "--secret-stdin")
    assert ChartSource.objects.get().credentials == ("reader", "let-me-in")


@pytest.mark.parametrize(
    "arguments",
    [
        ("sync", "nowhere"),
        ("remove", "nowhere"),
        ("add", "stable", "--kind", "helm", "--url", "ftp://charts.example.org"),
    ],
)
def test_what_cannot_be_done_is_said(arguments: tuple[str, ...]) -> None:
    with pytest.raises(CommandError):
        source(*arguments)


def test_a_sync_that_fails_ends_with_an_error(helm_repository: Repository) -> None:
    helm_repository.answer("/charts/index.yaml", 500)
    source("add", "stable", "--kind", "helm", "--url", helm_repository.url)
    with pytest.raises(CommandError, match="could not be read"):
        source("sync", "stable")


def test_the_librarys_files_are_a_source_that_no_worker_reads() -> None:
    load_the_library()
    load_the_library()
    tree = ChartSource.objects.get()
    assert (tree.slug, tree.kind, tree.outcome) == ("library", SourceKind.TREE, "ok")
    assert tree.outcome_detail["unchanged"] == tree.outcome_detail["seen"] > 0
    assert not ChartSource.objects.due().exists()


def test_what_came_from_another_source_is_not_missed_in_the_librarys_files(settings: Any) -> None:
    imported, stray = OfferingVersionFactory(version="1.0.0"), OfferingVersionFactory(version="2.0.0")
    other = ChartSource.objects.create(slug="stable", name="Stable", kind="helm", url="https://x.example.org")
    SourceVersion.objects.create(
        source=other,
        chart="teal",
        version="1.0.0",
        state="imported",
        archive=imported.chart,
        offering_version=imported,
        seen_at=imported.created_at,
    )
    missed = [step.subject for step in load_the_library() if step.what == "not in the library"]
    assert missed == [f"{stray.offering.slug} {stray.version}"]
