"""Secrets are never shown; that one changed is."""

from portal.core.masking import MASK, mask_document, mask_paths

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
