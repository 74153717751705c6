from __future__ import annotations

import subprocess
import uuid
from pathlib import Path

import pytest

from portal.clusters.kubernetes import Kubernetes
from portal.clusters.types import Connection
from tests import tools


@pytest.fixture(params=["helm3", "helm4"])
def helm_binary(request):
    """Both supported majors of the real helm."""
    return tools.helm3() if request.param == "helm3" else tools.helm()


@pytest.fixture
def demo_chart():
    return tools.ROOT / "tests" / "data" / "charts" / "demo"


@pytest.fixture
def connection(sandbox_cluster):
    return Connection("sandbox", Path(sandbox_cluster.kubeconfig).read_text())


@pytest.fixture
def kubernetes(connection):
    return Kubernetes(connection)


@pytest.fixture
def kubectl(sandbox_cluster):
    """The real kubectl, as the cluster's administrator; its output."""

    def kubectl(*arguments, **more):
        done = subprocess.run(
            [tools.kubectl(), "--kubeconfig", sandbox_cluster.kubeconfig, *arguments],
            capture_output=True,
            text=True,
            timeout=60,
            **more,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return kubectl


@pytest.fixture
def namespace(kubernetes, kubectl):
    """A namespace of its own."""
    name = f"lab-{uuid.uuid4().hex[:8]}"
    kubernetes.ensure_namespace(name, {})
    yield name
    kubectl("delete", "namespace", name, "--wait=false")
