from __future__ import annotations

import os

import pytest

from portal.clusters import binary
from portal.clusters.errors import HelmKilled, HelmMissing


def test_the_version_of_both_helms(helm_binary):
    major, minor, _ = binary.version(helm_binary)
    assert (major, minor) >= (3, 19)
    assert major == (3 if helm_binary.name == "helm3" else 4)


def test_something_that_is_not_helm(tmp_path):
    other = tmp_path / "helm"
    other.write_text("#!/bin/sh\necho hello\n")
    other.chmod(0o755)
    with pytest.raises(HelmMissing, match="is not helm"):
        binary.version(other)
    with pytest.raises(HelmMissing, match="no helm at"):
        binary.find("no-such-helm")


def test_a_helm_that_somebody_kills_is_helm_all_the_same(tmp_path):
    killed = tmp_path / "helm"
    killed.write_text("#!/bin/sh\nkill -9 $$\n")
    killed.chmod(0o755)
    with pytest.raises(HelmKilled) as found:
        binary.version(killed)
    assert found.value.retryable


def test_each_cluster_has_a_cache_of_its_own_and_the_oldest_makes_room(tmp_path, monkeypatch):
    monkeypatch.setattr(binary, "MOST_CACHES", 2)
    caches = tmp_path / "kube"
    one = binary.cache_of(caches, "https://a", "ca")
    assert binary.cache_of(caches, "https://a", "ca") == one
    assert one.stat().st_mode & 0o077 == 0
    two = binary.cache_of(caches, "https://a", "another ca")
    os.utime(one, (1, 1))
    three = binary.cache_of(caches, "https://b", None)
    assert set(caches.iterdir()) == {two, three}


def test_without_a_place_nothing_is_kept(tmp_path):
    assert binary.cache_of(None, "https://a") is None
    (tmp_path / "file").touch()
    assert binary.cache_of(tmp_path / "file", "https://a") is None


def test_nothing_of_our_environment_reaches_helm(tmp_path, monkeypatch):
    for name in ("KUBECONFIG", "HELM_DRIVER", "AWS_SECRET_ACCESS_KEY", "SLIPWAY_SECRET_KEY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "x")
    assert "x" not in binary.environment(tmp_path, network=False).values()
    passed = {name for name, value in binary.environment(tmp_path, network=True).items() if value == "x"}
    assert passed == {"HTTPS_PROXY"}
