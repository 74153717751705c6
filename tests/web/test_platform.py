"""The policies of a cluster on the admin pages: compared, installed and removed by platform engineers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from portal.audit.models import AuditEvent
from portal.clusters.kubernetes import Kubernetes
from portal.core import clock
from portal.core.objects import key_of
from portal.environments.models import Cluster
from portal.lifecycle.operations import installation, placing
from tests.factories import ClusterFactory
from tests.fixtures.organisation import Organisation, load
from tests.fixtures.policies import UsePolicies
from tests.policy.scenes import DEPLOYMENTS, binding, policy
from tests.sandbox_process import SandboxProcess
from tests.web.conftest import SignIn

ADDRESS = "/platform/clusters/sandbox/policies/"


@pytest.mark.parametrize("person", ["alice", "mona", "olga", "audrey"])
def test_only_platform_engineers_reach_it(person: str, organisation: Organisation, signed_in: SignIn) -> None:
    browser = signed_in(getattr(organisation, person))
    for response in (
        browser.get(ADDRESS),
        browser.get(ADDRESS + "?compare=yes"),
        browser.post(ADDRESS + "install/"),
        browser.post(ADDRESS + "remove/", {"confirm": "sandbox"}),
    ):
        assert response.status_code == 403
        assert "Only a platform engineer" in response.content.decode()
    assert not Cluster.objects.get().policies_installed


def test_a_cluster_that_does_not_answer_is_said_and_the_page_stands(
    organisation: Organisation, signed_in: SignIn
) -> None:
    browser = signed_in(organisation.pete)
    assert "Not compared yet" in browser.get(ADDRESS).content.decode()
    compared = browser.get(ADDRESS + "?compare=yes")
    assert (compared.status_code, "It did not work" in compared.content.decode()) == (200, True)
    installed = browser.post(ADDRESS + "install/")
    assert (installed.status_code, "It did not work" in installed.content.decode()) == (502, True)
    cluster = Cluster.objects.get()
    assert (cluster.policies_installed, bool(cluster.policies_message)) == (False, True)
    assert "Not installed" in browser.get("/platform/").content.decode()


@pytest.mark.parametrize(("lost", "said"), [(True, "Unreachable"), (False, "Refuses the portal")])
def test_why_a_cluster_is_of_no_use_is_said(
    organisation: Organisation, signed_in: SignIn, lost: bool, said: str
) -> None:
    since = clock.now() if lost else None
    Cluster.objects.update(reachable=False, message="Register another one.", unreachable_since=since)
    browser = signed_in(organisation.pete)
    page = browser.get("/platform/").content.decode()
    assert (said in page, "Register another one." in page) == (True, True)
    assert said in browser.get(ADDRESS).content.decode()


class TestWithACluster:
    @pytest.fixture
    def organisation(self, db: None, sandbox_cluster: SandboxProcess) -> Organisation:
        return load(ClusterFactory(kubeconfig=sandbox_cluster.kubeconfig.read_text()))

    @pytest.fixture
    def cluster(self, organisation: Organisation, use_policies: UsePolicies) -> Iterator[Cluster]:
        use_policies([policy("replicas", "object.spec.replicas >= 3", rule=DEPLOYMENTS), binding("replicas")])
        yield organisation.cluster
        installation.uninstall(organisation.cluster, actor=None)

    def test_policies_are_compared_installed_and_removed_with_the_name(
        self, cluster: Cluster, organisation: Organisation, signed_in: SignIn
    ) -> None:
        browser = signed_in(organisation.pete)
        plan = browser.get(ADDRESS + "?compare=yes").content.decode()
        assert ("2 to create" in plan, "What installing would do" in plan) == (True, True)
        done = browser.post(ADDRESS + "install/", follow=True).content.decode()
        assert "Installed: 2 created" in done
        assert "Nothing differs" in browser.get(ADDRESS + "?compare=yes").content.decode()

        live = Kubernetes(cluster.connection)
        (bound,) = live.labelled(placing.API_VERSION, placing.BINDING_KIND, installation.OURS.labels)
        live.delete(key_of(bound))
        drift = browser.get(ADDRESS + "?compare=yes").content.decode()
        assert ("What has drifted" in drift, "1 to create" in drift) == (True, True)
        assert "1 of 2 objects differ" in browser.get("/platform/").content.decode()

        refused = browser.post(ADDRESS + "remove/", {"confirm": "sand"})
        assert (refused.status_code, "Type sandbox" in refused.content.decode()) == (422, True)
        assert Cluster.objects.get().policies_installed
        browser.post(ADDRESS + "remove/", {"confirm": "sandbox"})
        assert not Cluster.objects.get().policies_installed
        actions = AuditEvent.objects.filter(object_type="Cluster", source="page").order_by("at")
        assert list(actions.values_list("action", flat=True)) == ["policy.installed", "policy.uninstalled"]
