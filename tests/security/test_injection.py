"""Texts that would be more than text: to helm's command line, CEL, SQL, e-mail headers, logs, templates."""

from __future__ import annotations

import io
import json
import logging
import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.test import override_settings

from portal.accounts.models import User
from portal.audit import email, tasks
from portal.audit.models import Delivery
from portal.audit.notifying import notify
from portal.clusters.rendering import render
from portal.clusters.types import Target
from portal.lifecycle.models import ChangeRequest, ServiceInstance
from portal.policy import guard, waivers
from portal.policy.cel.program import Compiler, activation
from portal.policy.waivers import Waiver, guarded
from portal.settings.logs import formatter
from tests.api.conftest import Api
from tests.factories import UserFactory
from tests.fixtures.organisation import Organisation
from tests.fixtures.outside import Mailbox
from tests.lifecycle.helpers import WEB
from tests.tools import helm

ARGUMENTS = [
    "-x",
    "--help",
    "--post-renderer=/bin/sh",
    "--set=a=b",
    "-f",
    "@/etc/passwd",
    "a b",
    "a;id",
    "$(id)",
]
HOSTILE = [
    *("'", '"', "\\", "\\'", '\\"', "a' || true || '", 'a" || true || "', "\n", "\r\n", "\t", "\0", "\x7f"),
    *(
        "' + string(1) + '",
        "${x}",
        "{{1}}",
        "\u2028",
        "\u202e",
        "é",
        "😀",
        "a\\u0027 || true",
        "//",
        "/*",
        "`",
    ),
]


# -- command lines


def test_no_name_of_ours_can_be_an_option(organisation: Organisation) -> None:
    """Release, namespace and chart are helm's only arguments; the first two are made of such names."""
    alice = Api(organisation.alice)
    wish = {"kind": "create", "application": "storefront", "environment": "dev", "offering": "web-service"}
    for name in (*ARGUMENTS, "a/../b", "A", "a\n--help", "a\0b", "é"):
        for field in ("name", "application", "environment", "offering", "plan", "version"):
            answer = alice.post("changes/", {**wish, "name": "shop-web", "values": WEB, field: name})
            assert answer.status_code in (400, 404, 422), (field, name, answer.content[:300])
    assert not ChangeRequest.objects.exists()
    assert not ServiceInstance.objects.exists()


def test_values_reach_helm_as_data_and_its_templates_stay_the_chart_s(tmp_path: Path) -> None:
    """Through standard input: no value is an option, none is a template unless the chart says `tpl`."""
    (tmp_path / "templates").mkdir()
    (tmp_path / "Chart.yaml").write_text("apiVersion: v2\nname: tiny\nversion: 0.1.0\n")
    (tmp_path / "values.yaml").write_text("said: {}\n")
    (tmp_path / "templates" / "c.yaml").write_text(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {{ toJson .Values.said }}\n"
    )
    said = {
        f"k{number}": text for number, text in enumerate(["{{ .Release.Name }}", "{{ fail 1 }}", *ARGUMENTS])
    }
    found = render(tmp_path, target=Target("shop", "shop-web"), values={"said": said}, binary=helm())
    assert found.documents[0]["data"] == said


# -- CEL


def holds(expression: str, **variables: Any) -> Any:
    return Compiler(tuple(variables)).compile(expression, ()).evaluate(activation(variables))


@pytest.mark.parametrize("text", HOSTILE)
def test_a_text_in_a_condition_of_ours_is_a_literal(text: str) -> None:
    for quoted in (waivers._text(text), guard._text(text)):
        if "\n" in quoted or "\r" in quoted:
            continue  # no name of an account holds a line break, and CEL would refuse the literal
        assert holds(f"object.x == {quoted}", object={"x": text}) is True
        assert holds(f"object.x == {quoted}", object={"x": "other"}) is False


@pytest.mark.parametrize("field", ["name", "namespace", "instance", "kind"])
@pytest.mark.parametrize("text", [each for each in HOSTILE if each.strip() and each != "\0"])
def test_no_text_of_an_exception_widens_what_it_covers(field: str, text: str) -> None:
    since, until = datetime(2026, 1, 1, tzinfo=UTC), datetime(2030, 1, 1, tzinfo=UTC)
    waiver = Waiver(1, "p", "shop-dev", since, until, instance="shop-web", kind="ConfigMap", name="c")
    policy = {"metadata": {"name": "p"}, "spec": {}}
    written = guarded(policy, [replace(waiver, **{field: text})])["spec"]["matchConditions"][-1]["expression"]
    request = {"operation": "CREATE", "namespace": "other", "kind": {"kind": "ConfigMap"}}
    other = {"metadata": {"name": "other", "labels": {}, "creationTimestamp": "2026-01-01T00:00:00Z"}}
    assert holds(written, object=other, request=request) is True  # still judged


# -- SQL


INJECTIONS = ["' OR 1=1 --", "%' OR '%'='", "1; DROP TABLE x", "-password", "user__password"]


LISTS = (
    *("changes/", "instances/", "audit/", "exceptions/", "policies/", "applications/", "offerings/"),
    *("environments/", "teams/", "plans/", "me/notifications/", "approver-groups/"),
)


@pytest.mark.timeout(300)
def test_filters_order_and_search_are_data(organisation: Organisation) -> None:
    """Refused, or nothing found; never more than without them, never an error of ours."""
    api = Api(organisation.audrey)
    for path in LISTS:
        most = api.get(path).json().get("count", 10_000)
        for name in ("search", "q", "ordering", "state", "environment", "id__gt"):
            for text in INJECTIONS:
                answer = api.client.get(f"/api/v1/{path}", {name: text}, headers=api.headers)
                assert answer.status_code in (200, 400, 404), (path, name, text)
                if answer.status_code == 200:
                    assert answer.json().get("count", 0) <= most


# -- e-mail


@pytest.mark.django_db
@pytest.mark.parametrize(
    "text", ["a\r\nBcc: evil@example.org", "a\nX: y\n\nbody", "a\rb", "\0", "=?utf-8?q?x?="]
)
def test_a_notice_cannot_write_headers_of_an_e_mail(mailbox: Mailbox, text: str) -> None:
    user: User = UserFactory(email="olga@example.org")
    notify([user], topic="gate.passed", text=text, url="/changes/1/", key="k", urgent=True)
    tasks.deliver()
    for message in mailbox.messages:
        assert message["Bcc"] is None
        assert message["X"] is None
        assert message["To"] == "olga@example.org"
        assert len(message.get_all("Subject", [])) == 1
    assert mailbox.messages or Delivery.objects.get(channel="email").last_error


def test_an_address_cannot_write_headers_either(mailbox: Mailbox, db: None) -> None:
    user: User = UserFactory(email="olga@example.org\r\nBcc: evil@example.org")
    notify([user], topic="gate.passed", text="x", url="/changes/1/", key="k", urgent=True)
    tasks.deliver()
    assert mailbox.messages == []
    assert email.LONGEST_SUBJECT < 998


# -- logs


@pytest.mark.parametrize("style", ["console", "json"])
@pytest.mark.parametrize(
    "text", ["a\nforged level=error", "a\r\nb", "\x1b[2J\x1b[31mred", "a\u2028b", "\x00", "\u202ex"]
)
def test_one_event_is_one_line_of_printable_text(style: str, text: str) -> None:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(formatter(style))
    logger = logging.getLogger(f"test-{style}")
    logger.handlers, logger.propagate = [handler], False
    logger.warning("asked for %s", text)
    logger.warning({"event": text, "path": text, "inner": {text: text}})
    lines = stream.getvalue().removesuffix("\n").split("\n")
    assert len(lines) == 2
    assert all(line.isprintable() for line in lines)
    if style == "json":
        assert json.loads(lines[0])["event"] == f"asked for {text}"


# -- templates


def test_templates_come_from_files_alone() -> None:
    """No text of a person is ever compiled: nothing in the portal makes a template out of a string."""
    sources = [*Path("portal").rglob("*.py"), *Path("services_catalog").rglob("*.py")]
    assert len(sources) > 200
    for source in sources:
        text = source.read_text()
        assert not re.search(r"from django\.template import .*\b(Template|Engine|engines)\b", text), source
        for word in ("from_string(", "eval(", "exec(", "pickle", "shell=True"):
            assert not [line for line in text.splitlines() if _calls(line, word)], (source, word)
    assert django_settings.TEMPLATES[0]["OPTIONS"].get("autoescape", True)
    for template in Path("templates").rglob("*.html"):
        text = template.read_text()
        assert "autoescape off" not in text, template
        assert "|safe" not in text, template


def _calls(line: str, word: str) -> bool:
    """The word itself, not the end of a longer name, and not in a comment."""
    before, found, _ = line.partition("#")[0].partition(word)
    return bool(found) and not before[-1:].isidentifier()


def test_redirects_hold_no_line_of_their_own(organisation: Organisation, client: Any) -> None:
    client.force_login(organisation.alice)
    with override_settings(DEBUG=False):
        for text in ("%0d%0aSet-Cookie:%20a=b", "%0aX:%20y", "//evil.example.org", "\\\\evil.example.org"):
            for address in (f"/sign-in/?next={text}", f"/changes{text}", f"/theme/?next={text}"):
                answer = client.get(address)
                assert answer.status_code < 500
                assert "evil" not in answer.headers.get("Location", "").partition("?")[0]
                assert not {"X", "Set-Cookie"} & set(answer.headers)
