"""Secret values do not come back out in what helm and the cluster say."""

from __future__ import annotations

import pytest

from portal.clusters.conceal import concealer

KEY = "-----BEGIN KEY-----\nMIIEvQIBADANBg\n-----END KEY-----\n"
SECRET = {
    "password": {"password": "hunter22"},
    "nested": {"auth": {"rootPassword": "hunter22"}},
    "token": {"apiToken": "hunter22"},
    "below": {"credentials": {"user": {"name": "hunter22"}}},
    "in a list": {"tokens": ["other-token", "hunter22"]},
    "key": {"secret_key": "hunter22"},
    "api key": {"apiKey": "hunter22"},
    "secret map": {"secrets": {"DATABASE_URL": "hunter22"}},
}
PLAIN = {
    "existing secret": {"existingSecret": "hunter22"},
    "pull secret": {"imagePullSecrets": ["hunter22"]},
    "image": {"image": {"repository": "hunter22"}},
    "too short": {"password": "abc"},
    "switch": {"token": True},
}


@pytest.mark.parametrize("values", SECRET.values(), ids=SECRET.keys())
def test_a_value_under_a_key_that_sounds_secret_is_masked(values):
    assert "hunter22" not in concealer(values)("it said hunter22 twice: hunter22")


@pytest.mark.parametrize("values", PLAIN.values(), ids=PLAIN.keys())
def test_what_is_no_secret_stays(values):
    assert concealer(values)("hunter22 abc True") == "hunter22 abc True"


def test_other_forms_of_a_secret_are_masked_too():
    conceal = concealer({"password": 'pa"ss\\word', "tls": {"privateKey": KEY}, "pin": {"token": 123456}})
    shown = conceal('"pa\\"ss\\\\word" cGEic3NcXHdvcmQ= cGEic3Ncd29yZA== MIIEvQIBADANBg 123456')
    assert "ss" not in shown
    assert "cGEic3Ncd29yZA" not in shown
    assert "MIIEvQ" not in shown
    assert "123456" not in shown


def test_a_secret_within_another_leaves_no_rest():
    shown = concealer({"password": "hunter22", "token": "hunter22-and-more"})("hunter22-and-more")
    assert "more" not in shown
