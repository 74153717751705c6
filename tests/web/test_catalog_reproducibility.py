"""What the catalog's pages say of charts that render differently each time."""

from __future__ import annotations

from pathlib import Path

import pytest

from portal.lifecycle.models import ServiceInstance
from services_catalog import sync
from tests.fixtures.organisation import Organisation
from tests.services_catalog import chart_library
from tests.web.conftest import SignIn


@pytest.fixture
def charts(organisation: Organisation, tmp_path: Path) -> None:
    sync.sync(chart_library.write(tmp_path, "behind-a-value", "random-password"))


def test_who_curates_reads_why_a_version_is_never_on_offer(
    organisation: Organisation, signed_in: SignIn, charts: None
) -> None:
    html = signed_in(organisation.pete).get("/catalog/random-password/").content.decode()
    assert "Never on offer" in html
    assert "Secret/storefront-example /stringData/password" in html
    assert "templates/secret.yaml:7 (randAlphaNum)" in html
    assert "No version of it can be requested" in html


def test_who_may_only_request_sees_no_draft(
    organisation: Organisation, signed_in: SignIn, charts: None
) -> None:
    html = signed_in(organisation.alice).get("/catalog/random-password/").content.decode()
    assert "randAlphaNum" not in html
    assert signed_in(organisation.alice).get("/catalog/random-password/request/").status_code == 404


def test_what_may_vary_is_said_and_the_form_says_what_settles_it(
    organisation: Organisation, signed_in: SignIn, charts: None, namespace: ServiceInstance
) -> None:
    browser = signed_in(organisation.alice)
    assert "May vary" in browser.get("/catalog/behind-a-value/").content.decode()
    assert "May vary" not in browser.get("/catalog/web-service/").content.decode()
    typed = {
        "application": "storefront",
        "environment": "dev",
        "name": "thing",
        "view": "yaml",
        "yaml": "session: {enabled: true}",
        "ask": "yes",
    }
    answer = browser.post("/catalog/behind-a-value/request/", typed)
    html = answer.content.decode()
    assert answer.status_code == 422
    assert "ConfigMap/thing /data/key" in html
    assert "/session/key" in html
    assert not ServiceInstance.objects.filter(name="thing").exists()
