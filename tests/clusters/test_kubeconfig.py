"""What a registered kubeconfig may hold, and what helm is given of it."""

from __future__ import annotations

import base64
import json

import pytest
import yaml

from portal.clusters.errors import BadKubeconfig
from portal.clusters.kubeconfig import access_of, kubeconfig_for_helm
from portal.clusters.types import Connection

PEM = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
PEM64 = base64.b64encode(PEM.encode()).decode()


def kubeconfig(*, cluster=None, user=None, **more):
    return yaml.safe_dump(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "here",
            "contexts": [
                {"name": "here", "context": {"cluster": "c", "user": "u"}},
                {"name": "there", "context": {"cluster": "d", "user": "u"}},
            ],
            "clusters": [
                {"name": "c", "cluster": {"server": "https://one.example.com:6443/", **(cluster or {})}},
                {"name": "d", "cluster": {"server": "https://two.example.com"}},
            ],
            "users": [{"name": "u", "user": {"token": "s3cret-token", **(user or {})}}],
            **more,
        }
    )


def test_the_current_context_or_the_one_named():
    text = kubeconfig(cluster={"certificate-authority-data": PEM64})
    assert (access_of(text).address, access_of(text).ca) == (("one.example.com", 6443), PEM)
    assert access_of(text, "there").address == ("two.example.com", 443)


REFUSED = {
    "a program": (kubeconfig(user={"exec": {"command": "/bin/sh"}}), "'exec', which runs a program"),
    "a provider": (
        kubeconfig(user={"auth-provider": {"name": "x"}}),
        "'auth-provider', which runs a program",
    ),
    "a token file": (kubeconfig(user={"tokenFile": "/etc/passwd"}), "'tokenFile', which names a file"),
    "a key file": (kubeconfig(user={"client-key": "key.pem"}), "'client-key', which names a file.*--flatten"),
    "a ca file": (kubeconfig(cluster={"certificate-authority": "ca.pem"}), "names a file"),
    "impersonation": (kubeconfig(user={"as": "root"}), "impersonates already"),
    "no context": (kubeconfig(**{"current-context": ""}), "no current-context"),
    "a context without its cluster": (kubeconfig(clusters=[]), "no cluster named 'c'"),
    "no address": (kubeconfig(cluster={"server": "file:///etc/passwd"}), "no `server: https"),
    "an odd port": (kubeconfig(cluster={"server": "https://a:b"}), "no `server: https"),
    "no base64": (kubeconfig(cluster={"certificate-authority-data": "%%"}), "not base64"),
    "no yaml": ("a: [", "cannot be read"),
    "no mapping": ("- a", "cannot be read"),
    "a bomb": ("a: &a [1]\nb: [*a, *a]", "aliases are not accepted"),
    "odd contexts": (kubeconfig(contexts="here"), "no context named 'here'"),
}


@pytest.mark.parametrize(("text", "why"), REFUSED.values(), ids=REFUSED.keys())
def test_a_kubeconfig_that_cannot_be_used_says_what_to_change(text, why):
    with pytest.raises(BadKubeconfig, match=why) as caught:
        access_of(text)
    assert "s3cret-token" not in caught.value.message


def test_helm_gets_one_context_and_the_impersonation():
    connection = Connection("c", kubeconfig(), context="there").impersonating("deployer", ("team", "all"))
    given = json.loads(kubeconfig_for_helm(connection))
    assert [entry["cluster"]["server"] for entry in given["clusters"]] == ["https://two.example.com"]
    assert given["users"][0]["user"] == {
        "token": "s3cret-token",
        "as": "deployer",
        "as-groups": ["team", "all"],
    }


def test_secrets_do_not_show_in_a_repr():
    connection = Connection("c", kubeconfig(user={"password": "pa55word"}))
    assert "s3cret" not in repr(connection)
    shown = repr(access_of(connection.kubeconfig))
    assert "s3cret" not in shown
    assert "pa55word" not in shown
