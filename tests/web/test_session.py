"""Signing in and out, and forms that outlive their session."""

from __future__ import annotations

from django.test import Client

from portal.audit.models import AuditEvent
from portal.lifecycle.models import Application
from tests.fixtures.organisation import Organisation
from tests.web.conftest import SignIn
from tests.web.pages import Page

PASSWORD = "correct horse battery staple"


def with_password(organisation: Organisation, name: str) -> None:
    user = getattr(organisation, name)
    user.set_password(PASSWORD)
    user.save()


def test_signing_in_and_out_is_audited(client: Client, organisation: Organisation) -> None:
    with_password(organisation, "alice")
    response = client.post("/sign-in/", {"username": "alice", "password": PASSWORD, "next": "/changes/"})
    assert (response.status_code, response.headers["Location"]) == (302, "/changes/")
    client.post("/sign-out/")
    actions = list(
        AuditEvent.objects.filter(actor_name="alice").order_by("at").values_list("action", "source")
    )
    assert actions == [("session.opened", "page"), ("session.closed", "page")]
    assert client.get("/changes/").status_code == 302


def test_refused_sign_in_is_audited_and_says_what_is_wrong(
    client: Client, organisation: Organisation
) -> None:
    for name in ("alice", "nobody"):
        response = client.post("/sign-in/", {"username": name, "password": "wrong"})
        assert response.status_code == 422
        assert "do not belong together" in response.content.decode()
    refused = AuditEvent.objects.filter(action="session.refused").order_by("at")
    assert [each.object_label for each in refused] == ["alice", "nobody"]
    assert "wrong" not in str(list(refused.values()))


def test_sign_in_never_leads_to_another_site(client: Client, organisation: Organisation) -> None:
    with_password(organisation, "alice")
    data = {"username": "alice", "password": PASSWORD, "next": "https://evil.example/"}
    assert client.post("/sign-in/", data).headers["Location"] == "/"
    theme = client.post("/theme/", {"theme": "dark", "next": "https://evil.example/"})
    assert (theme.headers["Location"], theme.cookies["theme"].value) == ("/", "dark")


def test_a_form_posted_without_a_session_is_kept_and_can_be_sent_on(
    client: Client, organisation: Organisation
) -> None:
    with_password(organisation, "mona")
    typed = {"team": str(organisation.shop.pk), "slug": "gifts", "name": "Gifts <3", "description": ""}
    asked = client.post("/applications/new/", typed)
    assert asked.status_code == 401
    assert 'name="held:name" value="Gifts &lt;3"' in asked.content.decode()
    assert not Application.objects.filter(slug="gifts").exists()

    held = {f"held:{name}": value for name, value in typed.items()}
    login = {"username": "mona", "password": PASSWORD, "next": "/applications/new/"}
    carried = client.post("/sign-in/", {**login, **held}).content.decode()
    assert 'action="/applications/new/"' in carried
    assert 'name="name" value="Gifts &lt;3"' in carried
    assert Page(carried).problems == []

    assert client.post("/applications/new/", typed).headers["Location"] == "/applications/gifts/"


def test_a_live_part_without_a_session_says_so_instead_of_showing_the_sign_in_page(
    client: Client, organisation: Organisation
) -> None:
    response = client.get("/changes/1/live/", headers={"HX-Request": "true"})
    assert (response.status_code, response.headers["X-Slipway-Signed-Out"]) == (401, "1")


def test_another_site_cannot_post_forms(organisation: Organisation) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(organisation.mona)
    response = strict.post(
        "/applications/new/", {"team": organisation.shop.pk, "slug": "gifts", "name": "Gifts"}
    )
    assert response.status_code == 403
    assert not Application.objects.filter(slug="gifts").exists()


def test_theme_is_drawn_by_the_server(organisation: Organisation, signed_in: SignIn) -> None:
    browser = signed_in(organisation.alice)
    assert "data-bs-theme" not in browser.get("/").content.decode().split("<head>")[0]
    browser.post("/theme/", {"theme": "dark", "next": "/"})
    assert 'data-bs-theme="dark"' in browser.get("/").content.decode().split("<head>")[0]
