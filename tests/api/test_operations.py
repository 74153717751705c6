"""What load balancers, Prometheus and generators of clients ask."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from drf_spectacular.generators import SchemaGenerator

from portal.celery import app
from portal.core import clock
from portal.environments.models import Cluster
from portal.lifecycle.states import ChangeState
from tests.factories import ChangeFactory

pytestmark = pytest.mark.django_db


def test_live_and_ready() -> None:
    assert Client().get("/health/live").json() == {"status": "ok"}
    ready = Client().get("/health/ready")
    assert (ready.status_code, ready.json()) == (
        200,
        {"status": "ok", "checks": {"database": "ok", "broker": "ok"}},
    )
    assert "no-store" in ready["Cache-Control"] or "no-cache" in ready["Cache-Control"]


def test_not_ready_without_a_broker() -> None:
    before = app.conf.broker_url
    app.conf.broker_url = app.conf.broker_write_url = "redis://127.0.0.1:1/0"
    try:
        ready = Client().get("/health/ready")
    finally:
        app.conf.broker_url = app.conf.broker_write_url = before
    assert (ready.status_code, ready.json()["checks"]["broker"]) == (503, "unavailable")
    assert "127.0.0.1" not in ready.content.decode()


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_metrics_for_this_machine(address: str) -> None:
    answer = Client(REMOTE_ADDR=address).get("/metrics")
    assert answer.status_code == 200
    assert b"django_http_requests_total_by_method" in answer.content


@pytest.mark.parametrize(
    "environ",
    [
        {"REMOTE_ADDR": "10.0.0.7"},
        {"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_FOR": "203.0.113.9"},
        {"REMOTE_ADDR": "127.0.0.1", "HTTP_FORWARDED": "for=203.0.113.9"},
        {"REMOTE_ADDR": ""},
        {"REMOTE_ADDR": "10.0.0.7", "HTTP_AUTHORIZATION": "Bearer "},
    ],
)
def test_metrics_are_not_for_everybody(environ: dict[str, str]) -> None:
    assert Client().get("/metrics", **environ).status_code == 403


def test_metrics_for_whoever_knows_the_token(settings: Any) -> None:
    settings.SLIPWAY_METRICS_TOKEN = "tell-me-numbers"
    far = Client(REMOTE_ADDR="10.0.0.7")
    assert far.get("/metrics", headers={"Authorization": "Bearer tell-me-numbers"}).status_code == 200
    assert far.get("/metrics", headers={"Authorization": "Bearer tell-me-number"}).status_code == 403


def test_the_description_is_valid_openapi_without_a_warning() -> None:
    call_command("spectacular", "--validate", "--fail-on-warn", stdout=StringIO())


OPERATIONS = [
    (f"{method.upper()} {path}", operation)
    for path, methods in SchemaGenerator().get_schema(public=True)["paths"].items()
    for method, operation in methods.items()
]


@pytest.mark.parametrize(("name", "operation"), OPERATIONS, ids=[name for name, _ in OPERATIONS])
def test_every_operation_says_what_it_does_and_shows_what_to_send(
    name: str, operation: dict[str, Any]
) -> None:
    assert len(operation["summary"].split()) >= 3
    for body in operation.get("requestBody", {}).get("content", {}).values():
        assert body.get("examples"), f"{name} takes a body and has no example"


def test_the_description_and_its_page_are_served_with_nothing_inline() -> None:
    schema = Client().get("/api/schema/", headers={"Accept": "application/vnd.oai.openapi+json"})
    assert schema.json()["openapi"].startswith("3.")
    page = Client().get("/api/docs/")
    text = page.content.decode()
    assert page.status_code == 200
    assert "<style" not in text
    assert "<script>" not in text
    assert "cdn" not in text
    assert "unsafe" not in page["Content-Security-Policy"]
    script = text.rsplit('src="', 1)[1].split('"', 1)[0]
    assert "SwaggerUIBundle" in Client().get(script).content.decode()


def test_metrics_tell_what_waits_and_which_cluster_does_not_answer() -> None:
    ago = clock.now() - timedelta(seconds=90)
    change = ChangeFactory(state=ChangeState.QUEUED, run_after=ago)
    lines = Client(REMOTE_ADDR="127.0.0.1").get("/metrics").content.decode().splitlines()
    cluster = change.environment.cluster.slug
    assert 'slipway_changes{state="queued"} 1.0' in lines
    assert "slipway_changes_due 1.0" in lines
    assert "slipway_workers_busy 0.0" in lines
    assert f'slipway_cluster_answers{{cluster="{cluster}"}} 1.0' in lines
    oldest = next(line for line in lines if line.startswith("slipway_changes_due_oldest_seconds "))
    assert 90 <= float(oldest.split()[1]) < 120
    Cluster.objects.update(unreachable_since=ago, retry_at=clock.now() + timedelta(minutes=1))
    lines = Client(REMOTE_ADDR="127.0.0.1").get("/metrics").content.decode().splitlines()
    assert f'slipway_cluster_answers{{cluster="{cluster}"}} 0.0' in lines
    assert "slipway_changes_due 0.0" in lines
