"""What every answer tells a browser."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.test import Client

from tests.api.conftest import World
from tests.security.conftest import Browser

ADDRESSES = ("/", "/sign-in/", "/nowhere/", "/api/v1/me/", "/api/v1/nowhere/", "/api/schema/", "/health/live",
             "/static/slipway/js/base.js")  # fmt: skip
PRODUCTION = {
    "DJANGO_SETTINGS_MODULE": "portal.settings.production",
    "SLIPWAY_SECRET_KEY": "0123456789-abcdefghijklmnopqrstuvwxyz-ABCDEFGHIJKLMNOPQRSTUVWXYZ-!$%",
    "SLIPWAY_AUDIT_KEY": "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=",
    "SLIPWAY_ALLOWED_HOSTS": "portal.example.org",
    "SLIPWAY_DATABASE_URL": "sqlite:////tmp/none",
    "SLIPWAY_BROKER_URL": "redis://broker.example.org/0",
}


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("person", ["anonymous", "alice"])
def test_every_answer_is_closed_to_other_sites(world: World, address: str, person: str) -> None:
    browser = Client(raise_request_exception=False)
    if person != "anonymous":
        browser.force_login(world.people[person])
    answer = browser.get(address, headers={"Origin": "https://evil.example"})
    policy = dict(part.split(" ", 1) for part in answer["Content-Security-Policy"].split("; "))
    assert (policy["default-src"], policy["object-src"], policy["base-uri"]) == ("'none'",) * 3
    assert policy["frame-ancestors"] == "'none'"
    assert policy["script-src"] == "'self'"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Referrer-Policy"] == "same-origin"
    assert answer["Cross-Origin-Opener-Policy"] == "same-origin"
    assert answer["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "camera=()" in answer["Permissions-Policy"]
    assert not [name for name in answer.headers if name.lower().startswith("access-control-")]
    assert "Server" not in answer.headers
    assert "X-Powered-By" not in answer.headers


@pytest.mark.parametrize(
    "address",
    ["/", "/changes/", "/audit/", "/me/tokens/", "/me/sessions/", "/api/v1/me/", "/api/v1/changes/"],
)
def test_nothing_that_is_for_one_person_is_stored(world: World, address: str) -> None:
    browser = Client()
    browser.force_login(world.people["alice"])
    assert "no-store" in browser.get(address)["Cache-Control"]


@pytest.mark.parametrize("address", ADDRESSES)
def test_every_answer_says_what_it_is(world: World, address: str) -> None:
    answer = Client(raise_request_exception=False).get(address)
    kind = answer.get("Content-Type", "")
    assert kind or answer.status_code in (301, 302)
    assert "charset=utf-8" in kind or not kind.startswith("text/")


@pytest.mark.parametrize(
    "host", ["evil.example", "testserver:80@evil.example", "testserver.evil.example", "a b"]
)
def test_another_host_name_is_refused(db: None, host: str) -> None:
    client = Client(raise_request_exception=False)
    for address in ("/sign-in/", "/api/v1/me/"):
        answer = client.get(address, headers={"Host": host})
        assert answer.status_code == 400
        assert "evil" not in answer.content.decode()
    forwarded = client.get("/sign-in/", headers={"X-Forwarded-Host": "evil.example"})
    assert "evil" not in forwarded.content.decode()


@pytest.mark.parametrize(
    "there",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "https:evil.example",
        "javascript:alert(1)",
        "http://testserver@evil.example/",
        "\thttps://evil.example",
        "///evil.example",
    ],
)
def test_no_redirect_leads_elsewhere(alice: Any, there: str) -> None:
    browser = Browser()
    page = browser.post(
        "/sign-in/", {"username": "alice", "password": "correct horse battery", "next": there}
    )
    assert page.headers["Location"] == "/"
    assert browser.post("/theme/", {"theme": "dark", "next": there}).headers["Location"] == "/"
    assert browser.get("/sign-in/", {"next": there}).headers["Location"] == "/"


@pytest.mark.parametrize("method", ["TRACE", "OPTIONS", "PUT", "PATCH", "DELETE"])
def test_pages_know_only_the_methods_of_forms(world: World, method: str) -> None:
    browser = Client()
    browser.force_login(world.people["alice"])
    for address in ("/", "/changes/", f"/changes/{world.change.pk}/"):
        answer = browser.generic(method, address)
        assert answer.status_code == 405
        assert address.encode() not in answer.content


def test_an_error_of_ours_tells_nothing_of_the_inside(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(*_: Any, **__: Any) -> None:
        password = "hunter2-in-a-variable"
        raise RuntimeError(f"SELECT secret FROM /work WHERE {len(password)}")

    monkeypatch.setattr("portal.lifecycle.models.ChangeRequest.objects.visible_to", breaks, raising=False)
    monkeypatch.setattr("portal.lifecycle.models.change.ChangeRequestQuerySet.visible_to", breaks)
    browser = Client(raise_request_exception=False)
    browser.force_login(world.people["alice"])
    for address in ("/changes/", "/api/v1/changes/"):
        answer = browser.get(address)
        text = answer.content.decode()
        assert answer.status_code == 500
        for inside in ("hunter2", "SELECT", "RuntimeError", "Traceback", "portal/", "site-packages"):
            assert inside not in text
    assert "request_id" in text


def production(code: str, **more: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "HOME": "/tmp", **PRODUCTION, **more}
    return subprocess.run(
        [sys.executable, "-c", code],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_production_speaks_only_tls_and_marks_its_cookies() -> None:
    code = """
import django, json
django.setup()
from django.conf import settings as s
from django.test import RequestFactory
from django.http import HttpResponse
from django.middleware.security import SecurityMiddleware
from portal.web.headers import SecurityHeaders
middle = SecurityMiddleware(lambda request: HttpResponse("x"))
ask = RequestFactory(HTTP_HOST="portal.example.org")
api = SecurityHeaders(lambda request: HttpResponse("x"))(ask.get("/api/v1/me/"))
plain, safe = middle(ask.get("/")), middle(ask.get("/", HTTP_X_FORWARDED_PROTO="https"))
print(json.dumps([plain.status_code, plain["Location"], safe["Strict-Transport-Security"], s.DEBUG,
  s.SESSION_COOKIE_NAME, s.CSRF_COOKIE_NAME, s.SLIPWAY_COOKIE_PREFIX, s.SESSION_COOKIE_SECURE,
  s.CSRF_COOKIE_SECURE, s.SESSION_COOKIE_HTTPONLY, s.SESSION_COOKIE_SAMESITE, s.SESSION_COOKIE_DOMAIN,
  s.SESSION_COOKIE_PATH, s.SLIPWAY_PROXIES, api.status_code, json.loads(api.content)["code"],
  middle(ask.get("/api/v1/me/")).status_code]))
"""
    done = production(code)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1]) == [
        301, "https://portal.example.org/", "max-age=31536000; includeSubDomains; preload", False,
        "__Host-sessionid", "__Host-csrftoken", "__Host-", True, True, True, "Lax", None, "/", 1,
        403, "tls_required", 200,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("variable", "value"),
    [("SLIPWAY_SECRET_KEY", "too short"), ("SLIPWAY_FIELD_KEYS", "short,keys"), ("SLIPWAY_DEBUG", "true")],
)
def test_production_does_not_start_with_what_would_be_unsafe(variable: str, value: str) -> None:
    done = production("import django; django.setup()", **{variable: value})
    assert done.returncode != 0
    assert variable in done.stderr
    assert value == "true" or value not in done.stderr


def test_the_browsers_cookies_are_for_this_host_alone(alice: Any) -> None:
    browser = Browser()
    browser.get("/sign-in/")
    browser.sign_in("alice")
    browser.post("/theme/", {"theme": "dark"})
    found = {name: cookie for name, cookie in browser.cookies.items() if cookie.value}
    assert set(found) == {"csrftoken", "sessionid", "known-browser", "theme"}
    for name, cookie in found.items():
        assert (cookie["domain"], cookie["path"]) == ("", "/")
        assert cookie["samesite"] in ("Lax", "Strict")
        assert bool(cookie["httponly"]) == (name != "csrftoken")  # scripts send that one on, on purpose


def test_nothing_of_ours_is_served_from_elsewhere() -> None:
    assert importlib.import_module("portal.settings.base").STATIC_URL == "static/"
    assert not hasattr(django_settings, "CORS_ALLOWED_ORIGINS")
