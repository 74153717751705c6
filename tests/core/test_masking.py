"""Secrets are never shown; that one changed is."""

import pytest

from portal.core.masking import MASK, mask_document, mask_paths, mask_secrets, mask_text

SECRET = {
    "apiVersion": "v1",
    "kind": "Secret",
    "metadata": {"name": "s", "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "hunter2"}},
    "data": {"password": "aHVudGVyMg=="},
    "stringData": {"user": "hunter2"},
}


def test_no_secret_value_survives():
    masked = mask_document(SECRET, b"key")
    assert "hunter2" not in str(masked)
    assert "aHVudGVyMg" not in str(masked)
    assert set(masked["data"]) == {"password"}


def test_equal_secrets_look_equal_and_others_differ():
    other = {**SECRET, "data": {"password": "b3RoZXI="}}
    assert mask_document(SECRET, b"k")["data"] == mask_document(SECRET, b"k")["data"]
    assert mask_document(SECRET, b"k")["data"] != mask_document(other, b"k")["data"]


def test_another_key_gives_another_fingerprint():
    assert mask_document(SECRET, b"a")["data"] != mask_document(SECRET, b"b")["data"]


def test_other_kinds_are_left_alone():
    config = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}, "data": {"a": "b"}}
    assert mask_document(config, b"k") == config


def test_the_original_is_not_touched():
    mask_document(SECRET, b"k")
    assert SECRET["data"] == {"password": "aHVudGVyMg=="}


def test_values_are_masked_at_their_paths_only():
    values = {"auth": {"password": "p", "user": "u"}, "other": {"password": "q"}}
    masked = mask_paths(values, [("auth", "password"), ("absent", "x")])
    assert masked == {"auth": {"password": MASK, "user": "u"}, "other": {"password": "q"}}


@pytest.mark.parametrize(
    "key",
    [
        "password",
        "adminPassword",
        "DB_PASSWORD",
        "client_secret",
        "clientSecret",
        "apiKey",
        "api-key",
        "token",
        "accessToken",
        "private_key",
        "kubeconfig",
        "credentials",
        "Authorization",
    ],
)
def test_secret_looking_keys_are_masked(key: str) -> None:
    assert mask_secrets({key: "x", "other": "x"}) == {key: MASK, "other": "x"}
    assert mask_secrets({key: {"inner": ["x", 1]}}) == {key: {"inner": [MASK, MASK]}}


@pytest.mark.parametrize(
    "key",
    [
        "secretName",
        "existingSecret",
        "imagePullSecret",
        "token_key",
        "tokens",
        "key",
        "keyboard",
        "author",
        "passwordPolicy",
        "publicKey",
        "tlsSecret",
        "username",
    ],
)
def test_what_is_no_secret_stays(key: str) -> None:
    assert mask_secrets({key: "x"}) == {key: "x"}


@pytest.mark.parametrize("value", [None, "", True, False, f"{MASK} (0a1b)"])
def test_that_nothing_is_set_stays_to_be_seen(value: object) -> None:
    assert mask_secrets({"password": value}) == {"password": value}


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("postgres://shop:hunter2@db/shop", f"postgres://{MASK}@db/shop"),
        ("Authorization: Bearer abcdefghijklmnopqrstuvwxyz", f"Authorization: Bearer {MASK}"),
        ("slw_0123456789abcdefghij is mine", f"{MASK} is mine"),
        ("a -----BEGIN RSA PRIVATE KEY-----\nMII\n-----END RSA PRIVATE KEY----- b", f"a {MASK} b"),
        ("https://example.org:8443/path@home", "https://example.org:8443/path@home"),
        ("bearer of news", "bearer of news"),
    ],
)
def test_secrets_are_masked_within_texts(text: str, masked: str) -> None:
    assert mask_text(text) == masked
