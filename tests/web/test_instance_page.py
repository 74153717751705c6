"""The tabs of an instance: what it gives, what it went through, and what a silent cluster cannot stop."""

from __future__ import annotations

import pytest

from portal.clusters.explanations import EXPLANATIONS
from portal.core.objects import ObjectKey
from portal.lifecycle.models import ServiceInstance
from portal.lifecycle.operations.observation import set_health
from portal.lifecycle.operations.topology.graph import Edge, Node, Topology
from portal.lifecycle.operations.topology.standing import WRONG
from portal.lifecycle.states import Health
from portal.web.running import tree
from tests.fixtures.organisation import Organisation
from tests.web.conftest import WHERE, SignIn, ask, settle

HTMX = {"HX-Request": "true"}


@pytest.fixture
def database(organisation: Organisation, namespace: ServiceInstance) -> ServiceInstance:
    return settle(ask(organisation.alice, **WHERE, offering="postgresql", name="shop-db", version="1.0.0"))


def test_how_to_connect_names_addresses_and_keys_and_never_a_value(
    organisation: Organisation, signed_in: SignIn, database: ServiceInstance
) -> None:
    page = signed_in(organisation.alice).get(f"/instances/{database.pk}/").content.decode()
    assert "shop-db.storefront-dev.svc:5432" in page
    assert "the password of that user" in page
    assert "- instance: shop-db" in page
    assert "env: DATABASE_URL" in page
    release = database.current_release
    assert release is not None
    assert release.values["password"] not in page


def test_the_overview_says_what_it_costs_and_how_to_do_it_elsewhere(
    organisation: Organisation, signed_in: SignIn, database: ServiceInstance
) -> None:
    page = signed_in(organisation.alice).get(f"/instances/{database.pk}/").content.decode()
    assert "15 €" in page
    assert "So far this month" in page
    assert "helm --namespace storefront-dev get values shop-db" in page
    assert f"/api/v1/instances/{database.pk}/connections/" in page
    assert "Share of the namespace" in page


@pytest.mark.parametrize("part", ["objects", "pods", "events", "logs"])
def test_a_silent_cluster_is_said_in_its_part_and_on_its_page(
    part: str, organisation: Organisation, signed_in: SignIn, service: ServiceInstance
) -> None:
    browser = signed_in(organisation.alice)
    address = f"/instances/{service.pk}/{part}/?pod=shop-api-1"
    fragment = browser.get(address, headers=HTMX)
    assert "The cluster did not answer" in fragment.content.decode()
    assert "<!doctype" not in fragment.content.decode()
    known = browser.get(address, headers={**HTMX, "If-None-Match": fragment.headers["ETag"]})
    assert known.status_code == 304
    assert "<h1>" in browser.get(address).content.decode()


def test_objects_that_nobody_could_look_at_are_shown_as_sealed(
    organisation: Organisation, signed_in: SignIn, service: ServiceInstance
) -> None:
    page = signed_in(organisation.alice).get(f"/instances/{service.pk}/objects/").content.decode()
    assert "Not known" in page
    assert f"/instances/{service.pk}/objects/one/?kind=Deployment&amp;name=shop-api" in page


def test_a_sealed_object_can_be_read_while_its_cluster_is_silent(
    organisation: Organisation, signed_in: SignIn, service: ServiceInstance
) -> None:
    browser = signed_in(organisation.alice)
    page = browser.get(f"/instances/{service.pk}/objects/one/?kind=Deployment&name=shop-api").content.decode()
    assert "As sealed" in page
    assert "registry.example.com/shop/storefront:1.4.2" in page
    other = browser.get(f"/instances/{service.pk}/objects/one/?kind=Secret&name=of-somebody-else")
    assert other.status_code == 404


def test_logs_are_refused_to_who_neither_owns_nor_operates_it(
    organisation: Organisation, signed_in: SignIn, service: ServiceInstance
) -> None:
    for person, status in (("pete", 403), ("audrey", 403), ("pia", 404), ("olga", 200)):
        browser = signed_in(getattr(organisation, person))
        assert browser.get(f"/instances/{service.pk}/logs/?pod=shop-api-1").status_code == status, person


def test_what_an_address_says_is_quoted_where_it_is_to_be_copied(
    organisation: Organisation, signed_in: SignIn, service: ServiceInstance
) -> None:
    browser = signed_in(organisation.alice)
    asked = {"pod": "shop-api-1", "container": "app; reboot", "previous": "on"}
    page = browser.get(f"/instances/{service.pk}/logs/", asked).content.decode()
    assert "--container &#x27;app; reboot&#x27; --tail 200 --previous" in page
    assert "container=app%3B+reboot" in page
    assert browser.get(f"/instances/{service.pk}/logs/", {"pod": "shop; reboot"}).status_code == 404


def test_the_timeline_has_changes_rollouts_and_health_and_can_be_narrowed(
    organisation: Organisation, signed_in: SignIn, service: ServiceInstance
) -> None:
    set_health(service, Health.WRONG, "No pod is ready.")
    browser = signed_in(organisation.alice)
    browser.post(f"/instances/{service.pk}/retire/announce/")
    address = f"/instances/{service.pk}/?tab=timeline"
    everything = browser.get(address).content.decode()
    for said in ("Create to #1", "Rollout to #1", "until now", "First step of retiring an instance"):
        assert said in everything
    only = browser.get(f"{address}&only=health").content.decode()
    assert "until now" in only
    assert "Rollout to #1" not in only
    assert browser.get(f"{address}&only=nonsense&before=yesterday").status_code == 200


def test_every_reason_that_does_not_pass_by_itself_is_explained() -> None:
    assert set(EXPLANATIONS) >= WRONG
    assert all(each.what.endswith(".") and each.remedy.endswith(".") for each in EXPLANATIONS.values())


def key(kind: str, name: str) -> ObjectKey:
    return ObjectKey("v1", kind, "shop", name)


def test_a_tree_puts_each_object_in_one_place_and_counts_what_is_too_many() -> None:
    web, ingress, service = key("Deployment", "web"), key("Ingress", "web"), key("Service", "web")
    pods = [key("Pod", f"web-{number:02}") for number in range(30)]
    nodes = [Node(each, "ready", "", sealed=True) for each in (web, ingress, service)]
    nodes += [Node(pod, "ready", "", sealed=False) for pod in pods[:-1]]
    nodes.append(Node(pods[-1], "failed", "", sealed=False, reason="OOMKilled"))
    edges = [Edge(web, pod, "owns") for pod in pods]
    edges += [Edge(ingress, service, "routes to"), *(Edge(service, pod, "sends to") for pod in pods)]
    runs, reached = tree.groups(Topology(tuple(nodes), tuple(edges), None))
    assert (runs.name, reached.name) == (tree.RUNS, tree.REACHED)
    deployment = runs.branches[0]
    assert deployment.children[0].node.key == pods[-1]
    assert (len(deployment.children), deployment.more) == (tree.MOST_LIKE_ONE, (("Pod", 10),))
    assert [branch.node.key.kind for branch in reached.branches[0].children] == ["Service"]


def test_objects_that_own_each_other_do_not_hide_one_another() -> None:
    one, other = key("Loop", "one"), key("Loop", "other")
    nodes = tuple(Node(each, "ready", "", sealed=True) for each in (one, other))
    found = tree.groups(Topology(nodes, (Edge(one, other, "owns"), Edge(other, one, "owns")), None))
    assert str(found).count("name='one'") >= 1
    assert len(found[0].branches) == 1
