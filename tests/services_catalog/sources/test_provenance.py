"""Signed charts: signed by helm with a key of GnuPG's, verified by helm with the source's keyring."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from portal.core.errors import ValidationFailed
from services_catalog.models import Provenance, SyncOutcome
from services_catalog.sources import services
from tests.fixtures.helm_repository import Repository, helm, write_chart
from tests.fixtures.oci_registry import Registry
from tests.services_catalog.sources.conftest import AddSource, row_of, states, sync

pytestmark = pytest.mark.django_db

NO_KEY = "-----BEGIN PGP PUBLIC KEY BLOCK-----\nnonsense!\n-----END PGP PUBLIC KEY BLOCK-----\n"


@dataclass
class Keys:
    """Two people who sign, with GnuPG's home of their own."""

    home: Path

    def gpg(self, *arguments: str) -> bytes:
        environment = {"GNUPGHOME": str(self.home), "PATH": os.environ["PATH"], "LC_ALL": "C"}
        command = ["gpg", "--batch", "--quiet", "--passphrase", "", "--pinentry-mode", "loopback", *arguments]
        return subprocess.run(command, env=environment, capture_output=True, check=True).stdout

    def public(self, name: str) -> str:
        return self.gpg("--armor", "--export", f"{name}@example.org").decode()

    @property
    def secret_file(self) -> Path:
        file = self.home / "secret.gpg"
        if not file.exists():
            file.write_bytes(self.gpg("--export-secret-keys"))
        return file


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Keys]:
    made = Keys(tmp_path_factory.mktemp("gpg"))
    made.home.chmod(0o700)
    for name in ("ann", "ben"):
        made.gpg("--quick-generate-key", f"{name} <{name}@example.org>", "ed25519", "sign", "never")
    yield made
    subprocess.run(
        ["gpgconf", "--kill", "all"], env={"GNUPGHOME": str(made.home), "PATH": "/usr/bin:/bin"}, check=False
    )


def add_signed(repository: Repository, keys: Keys, name: str, by: str, version: str = "1.0.0") -> None:
    chart = write_chart(repository.work, name, version)
    sign = ("--sign", "--key", f"{by}@example.org", "--keyring", keys.secret_file)
    helm("package", chart, *sign, "-d", repository.folder, cwd=repository.work)
    repository.reindex()


def test_a_signature_of_somebody_in_the_keyring_is_verified(
    helm_repository: Repository, add_source: AddSource, keys: Keys
) -> None:
    add_signed(helm_repository, keys, "teal", by="ben")
    source = add_source(helm_repository.url, keyring=keys.public("ann") + keys.public("ben"))
    sync(source)
    row = row_of(source, "teal", "1.0.0")
    assert row.provenance == Provenance.VERIFIED
    assert row.signer.startswith("ben <ben@example.org> ")


def test_a_signature_of_somebody_else_is_said_to_be_one(
    helm_repository: Repository, add_source: AddSource, keys: Keys
) -> None:
    add_signed(helm_repository, keys, "teal", by="ben")
    source = add_source(helm_repository.url, keyring=keys.public("ann"))
    sync(source)
    assert row_of(source, "teal", "1.0.0").provenance == Provenance.FAILED


def test_without_a_keyring_nobody_says_that_a_signature_holds(
    helm_repository: Repository, add_source: AddSource, keys: Keys
) -> None:
    add_signed(helm_repository, keys, "teal", by="ben")
    helm_repository.add("amber", "1.0.0")
    source = add_source(helm_repository.url)
    sync(source)
    assert row_of(source, "teal", "1.0.0").provenance == Provenance.UNCHECKED
    assert row_of(source, "amber", "1.0.0").provenance == Provenance.NONE


def test_where_signatures_are_required_nothing_else_is_taken(
    helm_repository: Repository, add_source: AddSource, keys: Keys
) -> None:
    add_signed(helm_repository, keys, "teal", by="ann")
    add_signed(helm_repository, keys, "plum", by="ben")
    helm_repository.add("amber", "1.0.0")
    source = add_source(helm_repository.url, keyring=keys.public("ann"), requires_provenance=True)

    done = sync(source)

    assert done.outcome == SyncOutcome.PARTLY
    assert states(source) == {
        "amber 1.0.0": "not_signed",
        "plum 1.0.0": "signer_unknown",
        "teal 1.0.0": "imported",
    }


def test_a_signature_of_another_archive_is_refused_everywhere(
    helm_repository: Repository, add_source: AddSource, keys: Keys
) -> None:
    add_signed(helm_repository, keys, "teal", by="ann")
    signature = (helm_repository.folder / "teal-1.0.0.tgz.prov").read_bytes()
    helm_repository.add("teal", "1.0.0", **{"values.yaml": "colour: red\n"})
    (helm_repository.folder / "teal-1.0.0.tgz.prov").write_bytes(signature)
    source = add_source(helm_repository.url, keyring=keys.public("ann"))
    sync(source)
    assert states(source) == {"teal 1.0.0": "signature_broken"}


def test_a_new_keyring_is_tried_on_what_was_refused(
    helm_repository: Repository, add_source: AddSource, keys: Keys
) -> None:
    add_signed(helm_repository, keys, "teal", by="ben")
    source = add_source(helm_repository.url, keyring=keys.public("ann"), requires_provenance=True)
    sync(source)
    services.change(source, actor=None, keyring=keys.public("ben"))
    assert sync(source).new == 1
    assert row_of(source, "teal", "1.0.0").provenance == Provenance.VERIFIED


def test_a_signature_in_a_registry_is_verified(
    oci_registry: Registry, add_source: AddSource, keys: Keys
) -> None:
    chart = write_chart(oci_registry.work, "teal", "1.0.0")
    sign = ("--sign", "--key", "ann@example.org", "--keyring", keys.secret_file)
    helm("package", chart, *sign, "-d", oci_registry.work / "packed", cwd=oci_registry.work)
    oci_registry.push_archive(oci_registry.work / "packed" / "teal-1.0.0.tgz")
    source = add_source(
        oci_registry.url, "oci", charts=["teal"], keyring=keys.public("ann"), requires_provenance=True
    )
    sync(source)
    assert row_of(source, "teal", "1.0.0").provenance == Provenance.VERIFIED


@pytest.mark.parametrize("keyring", ["no key at all", NO_KEY])
def test_a_keyring_that_is_none_is_refused(add_source: AddSource, keyring: str) -> None:
    with pytest.raises(ValidationFailed) as caught:
        add_source("https://charts.example.org", keyring=keyring)
    assert [error["path"] for error in caught.value.errors] == ["/keyring"]
