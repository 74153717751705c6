"""Sources of charts on the pages: added, read, published, put on offer."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal.core import clock
from portal.lifecycle.selectors import import_policies
from services_catalog.imports import publishing
from services_catalog.imports.policies import Policies, of_the_folder
from services_catalog.models import ChartSource, Offering, OfferingVersion, SourceVersion
from tests.api import source_rows
from tests.fixtures.organisation import Organisation
from tests.services_catalog.imports.charts import chart, declaration, seen
from tests.web.conftest import SignIn
from tests.web.pages import Page

ADDRESS = "/platform/sources/"
GREETER = f"{ADDRESS}public/greeter/1.0.0/"
NEW = {
    "kind": "helm",
    "name": "Public charts",
    "slug": "public",
    "url": "https://charts.example.com",
    "charts": "nginx\nredis-*",
    "newest": "3",
    "interval_minutes": "30",
    "enabled": "on",
    "username": "reader",
    "secret": "not to be seen again",
}
FACTS = {
    "offering": "greeter",
    "name": "Greeter",
    "summary": "It greets.",
    "category": "Social",
    "owner": "platform",
    "description": "It greets.",
    "when_not_to_use": "Never.",
}
PLANS = "plans:\n- {slug: a, name: A, description: A, price_cents_per_month: 700, default: true}\n"


def text(response) -> str:
    return response.content.decode()


def test_without_a_source_the_page_says_what_one_is(organisation: Organisation, signed_in: SignIn) -> None:
    page = text(signed_in(organisation.pete).get(ADDRESS))
    assert "No source yet" in page
    assert "Nothing of it reaches the catalog by itself" in page
    reader = text(signed_in(organisation.audrey).get(ADDRESS))
    assert "Add a source" not in reader


def test_a_source_is_added_with_its_secret_encrypted_and_never_shown(
    organisation: Organisation, signed_in: SignIn
) -> None:
    browser = signed_in(organisation.pete)
    response = browser.post(f"{ADDRESS}new/", NEW)
    assert response.headers["Location"] == f"{ADDRESS}public/"
    source = ChartSource.objects.get(slug="public")
    assert (source.charts, source.newest, source.interval_seconds) == (["nginx", "redis-*"], 3, 1800)
    assert source.secret == "not to be seen again"
    for address in (ADDRESS, f"{ADDRESS}public/", f"{ADDRESS}public/edit/"):
        assert "not to be seen again" not in text(browser.get(address))
    changed = {**NEW, "url": "https://charts.example.com/stable", "secret": ""}
    assert browser.post(f"{ADDRESS}public/edit/", changed).status_code == 302
    assert ChartSource.objects.get(slug="public").secret == "not to be seen again", "an empty field keeps it"
    browser.post(f"{ADDRESS}public/edit/", {**changed, "username": "", "forget_secret": "on"})
    assert ChartSource.objects.get(slug="public").secret is None


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"url": "http://169.254.169.254/"}, "id_url"),
        ({"url": "ftp://charts.example.com"}, "id_url"),
        ({"slug": "Not A Slug"}, "id_slug"),
        ({"name": ""}, "id_name"),
        ({"charts": "../../etc"}, "id_charts"),
        ({"interval_minutes": "0"}, "id_interval_minutes"),
    ],
)
def test_what_is_wrong_stands_at_its_field_and_nothing_is_lost(
    organisation: Organisation, signed_in: SignIn, wrong: dict[str, str], said: str
) -> None:
    response = signed_in(organisation.pete).post(f"{ADDRESS}new/", {**NEW, **wrong})
    assert response.status_code == 422
    page = text(response)
    field = page[page.index(f'for="{said}"') :].split('class="field"')[0].split('class="field has-error"')[0]
    assert "field-error" in field
    assert "redis-*" in page or "charts" in wrong
    assert not ChartSource.objects.exclude(kind="tree").exists()


def test_a_source_shows_what_was_found_refused_and_lost(
    organisation: Organisation, signed_in: SignIn
) -> None:
    source_rows.a_version()
    source_rows.refused()
    seen(chart("0.9.0"), state="gone", gone_at=clock.now())
    page = text(signed_in(organisation.audrey).get(f"{ADDRESS}public/"))
    assert "Its digest is another one than the index says." in page
    assert "No longer offered" in page
    assert f'href="{GREETER}"' in page
    only = text(signed_in(organisation.audrey).get(f"{ADDRESS}public/?state=refused"))
    assert "liar" in only
    assert "greeter" not in only


def test_syncing_is_shown_until_it_is_over(organisation: Organisation, signed_in: SignIn) -> None:
    source_rows.a_source()
    browser = signed_in(organisation.pete)
    assert browser.post(f"{ADDRESS}public/sync/").status_code == 302
    assert "Waits for a worker" in text(browser.get(f"{ADDRESS}public/"))
    first = browser.get(f"{ADDRESS}public/live/")
    assert "hx-get" in text(first)
    assert browser.get(f"{ADDRESS}public/live/", headers={"If-None-Match": first["ETag"]}).status_code == 304
    later = clock.now().replace(year=2090)
    ChartSource.objects.filter(slug="public").update(due_at=later, synced_at=clock.now(), outcome="ok")
    last = browser.get(f"{ADDRESS}public/live/", headers={"If-None-Match": first["ETag"]})
    assert last.status_code == 286
    assert "hx-get" not in text(last)


def test_a_report_names_whatever_matters(organisation: Organisation, signed_in: SignIn) -> None:
    source_rows.a_version()
    page = text(signed_in(organisation.audrey).get(GREETER))
    for said in ("What to know", "May create", "ConfigMap 1", "inferred from values.yaml", "Renders"):
        assert said in page
    assert "Publish" not in page, "who only reads is offered nothing"
    assert Page(page).problems == []


def test_a_chart_is_published_and_put_on_offer(
    organisation: Organisation, signed_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    source_rows.a_version()
    lenient = Policies(of_the_folder().bundle.narrowed(["image-tag"]))
    monkeypatch.setattr(import_policies, "current", lambda: (lenient, None))
    browser = signed_in(organisation.pete)
    proposed = text(browser.get(f"{GREETER}publish/"))
    assert 'value="greeter"' in proposed
    assert "slug: standard" in proposed
    assert Page(proposed).problems == []
    response = browser.post(f"{GREETER}publish/", {**FACTS, "tags": "polite, loud", "declaration": PLANS})
    assert response.headers["Location"] == GREETER
    version = OfferingVersion.objects.get(offering__slug="greeter")
    assert (version.status, version.offering.tags) == ("draft", ["polite", "loud"])
    assert "Put on offer" in text(browser.get(GREETER))
    assert f'href="{GREETER}"' in text(browser.get("/catalog/greeter/"))
    assert browser.post(f"{GREETER}activate/").status_code == 302
    assert Offering.objects.requestable().filter(slug="greeter").exists()
    assert "Greeter" in text(signed_in(organisation.alice).get("/catalog/?q=greeter"))


def test_mistakes_in_the_yaml_are_told_by_line_and_what_was_typed_stays(
    organisation: Organisation, signed_in: SignIn
) -> None:
    source_rows.a_version()
    browser = signed_in(organisation.pete)
    for yaml, line, said in (
        (f"{PLANS}short_form: [/nowhere]\n", 3, "knows no /nowhere"),
        (f"{PLANS}notes: x\nlocked: {{}}\n", 4, "locked"),
        (f"{PLANS}a: [\n", 4, ""),
    ):
        response = browser.post(f"{GREETER}publish/", {**FACTS, "declaration": yaml})
        page = text(response)
        assert response.status_code == 422
        assert f'data-error-line="{line}"' in page
        assert said in page
        assert "It greets." in page
    assert not OfferingVersion.objects.filter(offering__slug="greeter").exists()


def test_the_form_of_developers_is_shown_first(organisation: Organisation, signed_in: SignIn) -> None:
    source_rows.a_version()
    posted = {**FACTS, "declaration": f"{PLANS}short_form: [/greeting]\n", "action": "preview"}
    page = text(signed_in(organisation.pete).post(f"{GREETER}publish/", posted))
    assert 'name="/greeting"' in page
    assert "disabled" in page
    assert not OfferingVersion.objects.filter(offering__slug="greeter").exists(), "it was only looked at"


def test_what_stands_against_an_offer_is_listed_on_the_page(
    organisation: Organisation, signed_in: SignIn
) -> None:
    row = seen(
        chart(
            name="loud", **{"templates/other.yaml": "apiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n"}
        )
    )
    publishing.publish(row, declaration(offering="loud"), actor=organisation.pete)
    response = signed_in(organisation.pete).post(f"{ADDRESS}public/loud/1.0.0/activate/")
    assert response.status_code == 409
    assert "It is not put on offer" in text(response)
    assert "Namespace/a" in text(response)


def test_a_source_is_removed_only_by_typing_its_name(organisation: Organisation, signed_in: SignIn) -> None:
    source_rows.a_version()
    browser = signed_in(organisation.pete)
    assert browser.post(f"{ADDRESS}public/remove/", {"confirm": "other"}).status_code == 422
    assert ChartSource.objects.present().filter(slug="public").exists()
    assert browser.post(f"{ADDRESS}public/remove/", {"confirm": "public"}).status_code == 302
    assert not ChartSource.objects.present().filter(slug="public").exists()
    assert SourceVersion.objects.get().state == "gone"


def test_lists_cost_the_same_however_long_they_are(organisation: Organisation, signed_in: SignIn) -> None:
    browser = signed_in(organisation.audrey)
    source_rows.a_version()
    counts = []
    for more in (1, 12):
        for number in range(more):
            source_rows.another_source(100 * more + number)
            source_rows.refused(f"{more}.0.{number}")
        for address in (ADDRESS, f"{ADDRESS}public/"):
            with CaptureQueriesContext(connection) as queries:
                assert browser.get(address).status_code == 200
            counts.append(len(queries))
    assert counts[:2] == counts[2:]
