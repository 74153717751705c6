"""Digests are stable; names are Kubernetes'."""

import pytest

from portal.core.digests import canonical, digest_of, short
from portal.core.names import why_not_a_release_name
from portal.core.objects import ObjectKey, key_of


def test_order_of_keys_does_not_matter():
    assert digest_of({"a": 1, "b": [1, 2]}) == digest_of({"b": [1, 2], "a": 1})


def test_order_of_lists_does():
    assert digest_of([1, 2]) != digest_of([2, 1])


def test_text_and_number_differ():
    assert digest_of({"a": "1"}) != digest_of({"a": 1})


def test_not_a_number_is_refused():
    with pytest.raises(ValueError, match=r"Out of range|not JSON"):
        canonical(float("nan"))


def test_the_short_form_has_twelve_characters():
    assert len(short(digest_of("x"))) == 12


@pytest.mark.parametrize("name", ["shop-api", "a", "a1", "x" * 53])
def test_good_names(name):
    assert why_not_a_release_name(name) is None


@pytest.mark.parametrize("name", ["", "Shop", "-a", "a-", "a_b", "a.b", "1a", "x" * 54, "a b", "ä", "a\n"])
def test_bad_names_are_told_why(name):
    assert why_not_a_release_name(name)


def test_keys_survive_a_round_trip_and_odd_documents_can_be_named():
    key = key_of({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}}, "ns")
    assert key == ObjectKey("apps/v1", "Deployment", "ns", "web")
    assert ObjectKey.from_dict(key.as_dict()) == key
    assert key_of({}) == ObjectKey("", "", "", "")
