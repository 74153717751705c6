"""Stored secrets: unreadable in the database, rotated while the portal works."""

from __future__ import annotations

import base64
import hashlib
import io
import json
from collections.abc import Iterator
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import connection

from portal.accounts import fingerprint_keys, rotation
from portal.accounts.encryption import EncryptedJSONField, KeyMissing, key_id
from portal.audit.models import AuditEvent
from portal.environments.models import Cluster
from portal.lifecycle.models import Release
from portal.lifecycle.operations import secrets, waivers
from tests.factories import UNREACHABLE, ClusterFactory, ReleaseFactory

OLD, NEW = "the old key " + "o" * 32, "the new key " + "n" * 32
CANARY = "hunter2-canary"


@pytest.fixture
def old_rows(db: None, settings: Any) -> list[Release]:
    settings.SLIPWAY_FIELD_KEYS = (OLD,)
    ClusterFactory()
    return [
        ReleaseFactory(values={"password": CANARY, "n": n}, inputs={"password": CANARY}) for n in range(3)
    ]


def raw(table: str, column: str) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {column} FROM {table}")
        return [row[0] for row in cursor.fetchall()]


def run(action: str) -> str:
    out = io.StringIO()
    call_command("credentials", action, stdout=out, stderr=out)
    return out.getvalue()


def test_the_database_holds_ciphertext_that_names_its_key(old_rows: list[Release]) -> None:
    for table, column in (("lifecycle_release", '"values"'), ("environments_cluster", "kubeconfig")):
        for text in raw(table, column):
            assert text.startswith(f"k1:{key_id(OLD)}:")
            assert CANARY not in text
    assert OLD not in key_id(OLD)


def test_old_texts_are_read_after_a_new_key_and_the_old_one_may_go_after_rotation(
    old_rows: list[Release], settings: Any
) -> None:
    settings.SLIPWAY_FIELD_KEYS = (NEW, OLD)
    assert Release.objects.get(pk=old_rows[0].pk).values["password"] == CANARY
    assert Cluster.objects.get().kubeconfig == UNREACHABLE
    with pytest.raises(CommandError, match="Not under the newest key"):
        run("check")
    said = run("rotate")
    assert "lifecycle_release.values: 3 rows encrypted anew" in said
    assert "older ones may be taken away" in said
    settings.SLIPWAY_FIELD_KEYS = (NEW,)
    assert [row.values["password"] for row in Release.objects.all()] == [CANARY] * 3
    assert Cluster.objects.get().kubeconfig == UNREACHABLE


def test_without_its_key_a_text_is_refused_by_name(old_rows: list[Release], settings: Any) -> None:
    settings.SLIPWAY_FIELD_KEYS = (NEW,)
    with pytest.raises(KeyMissing, match=key_id(OLD)):
        list(Cluster.objects.all())


def test_rotating_again_does_and_records_nothing(old_rows: list[Release], settings: Any) -> None:
    settings.SLIPWAY_FIELD_KEYS = (NEW, OLD)
    run("rotate")
    before, events = raw("lifecycle_release", "inputs"), AuditEvent.objects.count()
    assert "0 rows encrypted anew" in run("rotate")
    assert raw("lifecycle_release", "inputs") == before
    assert AuditEvent.objects.count() == events
    facts = {event.after["column"]: event.after["rows"] for event in AuditEvent.objects.all()}
    assert facts["lifecycle_release.inputs"] == 3


def test_a_killed_rotation_goes_on_where_it_was(
    old_rows: list[Release], settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.SLIPWAY_FIELD_KEYS = (NEW, OLD)
    real, done = rotation.encrypt, []

    def dies(plain: bytes, column: str) -> str:
        if len(done) == 3:
            raise KeyboardInterrupt
        done.append(column)
        return real(plain, column)

    monkeypatch.setattr(rotation, "encrypt", dies)
    with pytest.raises(KeyboardInterrupt):
        run("rotate")
    monkeypatch.setattr(rotation, "encrypt", real)
    left = rotation.outdated()
    assert 0 < sum(left.values()) < 8
    run("rotate")
    assert rotation.outdated() == {}


def test_a_row_written_meanwhile_is_left_as_it_was_written(
    old_rows: list[Release], settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.SLIPWAY_FIELD_KEYS = (NEW, OLD)
    real = rotation.encrypt

    def overtaken(plain: bytes, column: str) -> str:
        if column == "environments_cluster.kubeconfig":
            Cluster.objects.update(kubeconfig="another one")
        return real(plain, column)

    monkeypatch.setattr(rotation, "encrypt", overtaken)
    run("rotate")
    assert Cluster.objects.get().kubeconfig == "another one"


def test_a_row_whose_key_is_gone_is_named_and_the_others_are_rotated(
    old_rows: list[Release], settings: Any
) -> None:
    settings.SLIPWAY_FIELD_KEYS = (NEW, OLD)
    ReleaseFactory(values={"password": CANARY})
    settings.SLIPWAY_FIELD_KEYS = ("a third key " + "t" * 32, NEW)
    with pytest.raises(CommandError, match=r"3 of lifecycle_release\.values"):
        run("rotate")
    assert rotation.standing()["lifecycle_release.values"] == {
        key_id(OLD): 3,
        key_id(settings.SLIPWAY_FIELD_KEYS[0]): 1,
    }


def test_texts_from_before_keys_had_ids_are_read_and_rotated(old_rows: list[Release], settings: Any) -> None:
    box = Fernet(base64.urlsafe_b64encode(hashlib.sha256(OLD.encode()).digest()))
    text = box.encrypt(json.dumps(UNREACHABLE).encode()).decode()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE environments_cluster SET kubeconfig = %s", [text])
    assert Cluster.objects.get().kubeconfig == UNREACHABLE
    settings.SLIPWAY_FIELD_KEYS = (NEW, OLD)
    assert rotation.standing()["environments_cluster.kubeconfig"] == {"none": 1}
    run("rotate")
    settings.SLIPWAY_FIELD_KEYS = (NEW,)
    assert Cluster.objects.get().kubeconfig == UNREACHABLE


def test_a_text_copied_into_another_column_cannot_be_read_there(old_rows: list[Release]) -> None:
    with connection.cursor() as cursor:
        cursor.execute('UPDATE lifecycle_release SET inputs = "values"')
    with pytest.raises(KeyMissing):
        list(Release.objects.all())


@pytest.mark.parametrize("change", ["first", "middle", "last"])
def test_a_changed_text_is_refused(old_rows: list[Release], change: str) -> None:
    text = raw("environments_cluster", "kubeconfig")[0]
    start = len(text) - len(text.split(":", 2)[2])
    place = {"first": start + 20, "middle": (start + len(text)) // 2, "last": len(text) - 5}[change]
    changed = text[:place] + ("A" if text[place] != "A" else "B") + text[place + 1 :]
    with connection.cursor() as cursor:
        cursor.execute("UPDATE environments_cluster SET kubeconfig = %s", [changed])
    with pytest.raises(KeyMissing):
        list(Cluster.objects.all())


def test_fingerprints_stay_the_same_when_the_oldest_key_goes(old_rows: list[Release], settings: Any) -> None:
    mark, digest = secrets.mark("a secret"), waivers.value_digest("a value")
    settings.SLIPWAY_FIELD_KEYS = (NEW, OLD)
    assert secrets.mark("a secret") == mark
    run("rotate")
    settings.SLIPWAY_FIELD_KEYS = (NEW,)
    fingerprint_keys._known.clear()
    assert (secrets.mark("a secret"), waivers.value_digest("a value")) == (mark, digest)


def secret_columns() -> Iterator[str]:
    for model in apps.get_models():
        for field in model._meta.concrete_fields:
            if any(
                word in field.name
                for word in ("kubeconfig", "secret", "password", "token", "inputs", "values")
            ):
                yield f"{model._meta.label}.{field.name}"


def test_every_column_that_sounds_secret_is_encrypted_or_known_to_hold_none() -> None:
    fine = {
        "accounts.User.password": "a slow hash",
        "accounts.ApiToken.token_key": "the token's beginning, by which it is known again",
        "knox.AuthToken.token_key": "no such table",
        "lifecycle.Release.masked_values": "secrets masked",
        "lifecycle.ChangeRequest.fencing_token": "a number",
        "lifecycle.Rollout.fencing_token": "a number",
        "services_catalog.OfferingVersion.locked_values": "of the library",
        "services_catalog.OfferingVersion.values_of": "of the library",
        "services_catalog.Plan.values": "of the library",
        "lifecycle.PolicyException.values_path": "where a value stands",
        "lifecycle.PolicyException.values_digest": "keyed",
        "services_catalog.OfferingVersion.values_schema": "of the chart",
        "services_catalog.OfferingVersion.default_values": "of the chart",
    }
    encrypted = {f"{field.model._meta.label}.{field.name}" for field in rotation.fields()}
    assert "environments.Cluster.kubeconfig" in encrypted
    assert set(secret_columns()) - encrypted - set(fine) == set()
    assert all(isinstance(field, EncryptedJSONField) for field in rotation.fields())
