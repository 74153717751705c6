"""One canary in every place where a secret may come in; then everything that leaves is searched for it."""

from __future__ import annotations

import base64
import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from django.apps import apps
from django.db import connection
from django.test import Client

from portal.accounts.models import ApiToken
from portal.audit.models import AuditEvent
from portal.lifecycle.models import ChangeRequest, LogLine
from portal.settings import channels
from portal.settings.logs import formatter
from tests.fixtures.worker import work_off
from tests.lifecycle.helpers import WEB

pytestmark = pytest.mark.django_db
VALUE, LATER, BROKEN, WRONG = (f"canary-{name}-7f3a9c51" for name in ("value", "later", "broken", "wrong"))
PASSWORD = "canary-password-7f3a9c51"
WEBHOOK = base64.b64encode(b"canary-webhook-secret-7f3a9c51-2").decode()
SERVICE = {"kind": "create", "application": "storefront", "environment": "dev", "offering": "web-service"}
NAME = {"name": "shop-web"}


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    """Everything that is logged meanwhile, as production writes it."""
    text = io.StringIO()
    handler = logging.StreamHandler(text)
    handler.setFormatter(formatter("json"))
    handler.setLevel(logging.DEBUG)
    root = logging.getLogger()
    before, _ = root.level, root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield text
    root.setLevel(before)
    root.removeHandler(handler)


class Answers:
    """A person's way in that keeps every answer."""

    def __init__(self, token: str) -> None:
        self.client, self.token, self.kept = Client(raise_request_exception=False), token, []

    def call(self, method: str, path: str, body: Any = None) -> Any:
        headers = {"Authorization": f"Token {self.token}"}
        data = json.dumps(body) if body is not None else b""
        answer = self.client.generic(
            method, f"/api/v1/{path}", data, content_type="application/json", headers=headers
        )
        self.kept.append((f"{method} {path}", answer.content.decode()))
        return answer


def settled(api: Answers, body: dict[str, Any]) -> ChangeRequest:
    answer = api.call("POST", "changes/", body)
    assert answer.status_code == 201, answer.content
    return work_off(ChangeRequest.objects.get(pk=answer.json()["id"]))


def go_through_it(api: Answers) -> tuple[ChangeRequest, ChangeRequest]:
    """Ask, be refused, ask again, change, and fail: with a secret each time."""
    settled(api, {**SERVICE, "offering": "namespace"})
    first = settled(api, {**SERVICE, **NAME, "values": {**WEB, "secretEnv": {"SESSION_KEY": VALUE}}})
    assert first.state == "succeeded"
    wrong = {**WEB, "secretEnv": {"SESSION_KEY": {"nested": WRONG}}, "replicas": WRONG}
    assert api.call("POST", "previews/", {**SERVICE, "name": "x", "values": wrong}).status_code in (200, 422)
    assert api.call("POST", "changes/", {**SERVICE, "name": "x", "values": wrong}).status_code == 422
    denied = {"image": {"repository": "docker.io/x", "tag": "1"}, "secretEnv": {"SESSION_KEY": WRONG}}
    assert api.call("POST", "changes/", {**SERVICE, "name": "x", "values": denied}).status_code == 422
    update = {"kind": "update", "instance": first.subject.pk}
    later = settled(api, {**update, "values": {**WEB, "secretEnv": {"SESSION_KEY": LATER}}})
    bad = {**WEB, "secretEnv": {"SESSION_KEY": BROKEN}}
    api.call("POST", "previews/", {**update, "values": bad})
    return first, later


def outside(text: str, secrets: dict[str, str]) -> list[str]:
    """Names of the secrets that `text` holds: as they are, in base64, or as JSON writes them."""
    found = []
    for name, secret in secrets.items():
        forms = {secret, base64.b64encode(secret.encode()).decode().rstrip("="), json.dumps(secret)[1:-1]}
        found += [name for form in forms if form in text]
    return found


def test_no_secret_that_came_in_goes_out_again(
    provisioned: Any, settings: Any, receiver: Any, logged: io.StringIO
) -> None:
    for name, value in channels.webhook(receiver.url, (f"whsec_{WEBHOOK}",)).items():
        setattr(settings, name, value)
    alice = provisioned.alice
    alice.set_password(PASSWORD)
    alice.save()
    _, token = ApiToken.objects.create(alice, name="canary")
    browser = Client()
    browser.post("/sign-in/", {"username": "alice", "password": WRONG})
    assert browser.post("/sign-in/", {"username": "alice", "password": PASSWORD}).status_code == 302
    browser.post("/me/password/", {"current": WRONG, "new": WRONG * 2, "again": WRONG * 2})
    api = Answers(token)
    first, later = go_through_it(api)
    secrets = {
        "value": VALUE,
        "later": LATER,
        "broken": BROKEN,
        "wrong": WRONG,
        "password": PASSWORD,
        "token": token,
        "webhook": WEBHOOK,
        "kubeconfig": kube_token(provisioned.cluster.kubeconfig),
    }

    for path in api_paths(first, later):
        assert api.call("GET", path).status_code == 200, path
    for name, text in api.kept:
        assert outside(text, secrets) == [], f"{name}: {text[:2000]}"
    for address in page_addresses(first, later):
        answer = browser.get(address)
        assert answer.status_code == 200, address
        assert outside(answer.content.decode(), secrets) == [], address
    assert AuditEvent.objects.count() > 5
    assert outside(repr(list(AuditEvent.objects.values())), secrets) == []
    assert LogLine.objects.exists()
    assert outside(repr(list(LogLine.objects.values())), secrets) == []
    assert outside(repr([body for _, body in receiver.posts]), secrets) == []
    assert len(logged.getvalue()) > 1000
    assert outside(logged.getvalue(), secrets) == []
    assert in_database(secrets) == []


def kube_token(kubeconfig: str) -> str:
    return str(yaml.safe_load(kubeconfig)["users"][0]["user"]["token"])


def api_paths(*changes: ChangeRequest) -> Iterator[str]:
    for change in changes:
        for part in ("", "diff/", "log/", "evidence/", "comments/"):
            yield f"changes/{change.pk}/{part}"
    instance = changes[0].subject.pk
    for part in ("", "manifests/", "releases/", "objects/"):
        yield f"instances/{instance}/{part}"
    yield from (
        "changes/",
        "instances/",
        "audit/",
        "tokens/",
        "clusters/",
        "clusters/sandbox/",
        "me/",
        "exceptions/",
    )


def page_addresses(*changes: ChangeRequest) -> Iterator[str]:
    for change in changes:
        for tab in ("overview", "diff", "verdicts", "objects", "log", "audit"):
            yield f"/changes/{change.pk}/?tab={tab}"
    instance = changes[0].subject.pk
    for tab in ("overview", "objects", "releases", "timeline", "policy"):
        yield f"/instances/{instance}/?tab={tab}"
    yield from (f"/instances/{instance}/update/", f"/instances/{instance}/compare/?old=1&new=2")
    yield from (
        f"/instances/{instance}/rollback/{changes[0].release_id}/",
        "/audit/",
        "/me/sessions/",
        "/me/tokens/",
        "/changes/",
        "/",
    )


def in_database(secrets: dict[str, str]) -> list[str]:
    """Table, column and secret wherever one stands in plain text."""
    found = []
    for model in apps.get_models():
        table = connection.ops.quote_name(model._meta.db_table)
        if model._meta.db_table not in connection.introspection.table_names():
            continue
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT * FROM {table}")
            columns = [each[0] for each in cursor.description]
            for row in cursor.fetchall():
                for column, value in zip(columns, row, strict=True):
                    found += [f"{table}.{column}: {name}" for name in outside(str(value), secrets)]
    return sorted(set(found))
