"""Charts that render differently each time are found when they enter the catalog, with real helm."""

from __future__ import annotations

import io
import tarfile
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from portal.audit.models import AuditEvent
from services_catalog import library, reproducibility, sync
from services_catalog.models import Offering, OfferingVersion
from services_catalog.reproducibility import Reproducibility, Status, examination
from services_catalog.reproducibility.sources import scan
from services_catalog.reproducibility.templates import actions
from tests.services_catalog import chart_library
from tests.services_catalog.chart_library import plan

EXPECTED = {
    "random-password": (Status.VARIES, {"templates/secret.yaml:7 (randAlphaNum)"}, {"/stringData/password"}),
    "pinned-password": (Status.VARIES, {"templates/secret.yaml:7 (randAlphaNum)"}, {"/stringData/password"}),
    "behind-a-value": (Status.MAY_VARY, {"templates/config.yaml:12 (uuidv4)"}, set()),
    "rendered-at": (
        Status.VARIES,
        {"templates/config.yaml:7 (now)"},
        {"/metadata/annotations/example.com~1rendered-at"},
    ),
    "looks-up": (Status.MAY_VARY, {"templates/config.yaml:1 (lookup)"}, set()),
    "counts-upgrades": (Status.VARIES, {"templates/config.yaml:8 (.Release.IsUpgrade)"}, {"/data/first"}),
    "only-mentions": (Status.STABLE, set(), set()),
    "with-a-subchart": (
        Status.VARIES,
        {"charts/inner/templates/_names.tpl:2 (randAlpha)"},
        {"/stringData/token"},
    ),
}


def examined(folder) -> Reproducibility:
    offering = library.read(folder)[0]
    return reproducibility.examine(offering, offering.versions[0])


@pytest.mark.parametrize("name", EXPECTED)
def test_what_a_chart_is_found_to_be(tmp_path, name):
    status, sources, paths = EXPECTED[name]
    found = examined(chart_library.write(tmp_path, name))
    assert found.status == status
    assert {str(source) for source in found.sources} == sources
    assert {place.path for place in found.places} == paths
    assert found.rendered == ("defaults", "plan small")


def test_a_plan_that_brings_it_in_is_enough(tmp_path):
    plans = [plan("small", default=True), plan("large", session={"enabled": True})]
    found = examined(chart_library.write(tmp_path, "behind-a-value", plans=plans))
    assert found.status == Status.VARIES
    assert [str(place) for place in found.places] == [
        "ConfigMap/storefront-example /data/key (with plan large)"
    ]


def test_locked_values_pin_it(tmp_path):
    locked = {"session": {"enabled": True, "key": "fixed"}}
    assert examined(chart_library.write(tmp_path, "behind-a-value", locked_values=locked)).places == ()


def test_a_secret_that_the_portal_makes_settles_it(tmp_path):
    folder = chart_library.write(tmp_path, "pinned-password")
    schema = tmp_path / "charts" / "pinned-password" / "values.schema.json"
    marks = '"type": "string", "x-slipway-secret": true, "x-slipway-generate": {"length": 32}'
    schema.write_text(schema.read_text().replace('"type": "string"', marks))
    assert examined(folder).status == Status.MAY_VARY


def test_the_clock_is_read_at_two_different_seconds(tmp_path):
    """Three in a row, since two renderings within one second would look the same."""
    folder = chart_library.write(tmp_path, "rendered-at")
    for number in range(3):
        text = (tmp_path / "charts" / "rendered-at" / "values.yaml").read_text()
        (tmp_path / "charts" / "rendered-at" / "values.yaml").write_text(f"{text}# {number}\n")
        assert examined(folder).status == Status.VARIES


def test_subcharts_are_read_in_their_archives_too():
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name, text in (
            ("inner/Chart.yaml", b"name: inner\nversion: 0.1.0\n"),
            ("inner/templates/a.yaml", b"\n{{ if .Values.on }}{{ genCA .Values.global.host 1 }}{{ end }}"),
        ):
            member = tarfile.TarInfo(name)
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text))
    (source,) = scan({"Chart.yaml": b"", "charts/inner-0.1.0.tgz": packed.getvalue()})
    assert str(source) == "charts/inner-0.1.0.tgz/templates/a.yaml:2 (genCA)"
    assert source.values == ("/global/host", "/inner/on")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("{{ randAlphaNum 5 }}", ["randAlphaNum"]),
        ("{{- $x := (list 1) | shuffle -}}", ["shuffle"]),
        ('{{ include "randAlphaNum" . }}{{ .Values.now }}{{ $now }}{{ $.now }}', []),
        ("{{/* randAlphaNum 5 */}}{{- /* now */ -}}randAlphaNum 5", []),
        ("{{ `{{ randAlphaNum 5 }}` }}{{ \"}} {{ now\" }}{{ '\\'' }}", []),
        ('{{ printf "%s" (uuidv4) }}{{ \'"\' }}{{ now }}', ["uuidv4", "now"]),
        ("{{ now | date `2006` }}{{ date `2006` .Values.at }}", ["now", "date"]),
        ("{{ keys .Values.a | sortAlpha }}{{ keys .Values.a | first }}", ["keys"]),
        (
            "{{ .Release.Name }}{{ $.Release.Namespace }}{{ .Release.Service }}{{ .V.Release.Revision }}",
            [],
        ),
        ("{{ $root.Release.Revision }}{{ index .Release `IsUpgrade` }}", [".Release.Revision", ".Release"]),
        ("{{ tpl .Values.text . }}{{ derivePassword 1 `long` `a` `b` `c` }}", ["tpl"]),
        ("{{ now", ["now"]),
        ("{{/* never closed {{ now }}", []),
        ("{{/* closed */ but not ended", []),
    ],
)
def test_templates_are_read_as_helm_reads_them(text, found):
    sources = scan({"templates/a.yaml": text.encode()})
    assert [source.function for source in sources] == found


FRAGMENTS = st.sampled_from(
    [
        "{{",
        "}}",
        "{{-",
        "-}}",
        "/*",
        "*/",
        '"',
        "`",
        "'",
        "\\",
        "\n",
        " ",
        "now",
        ".Release.Revision",
        "if x",
        "end",
        "(",
    ]
)


@given(st.lists(FRAGMENTS, max_size=40).map("".join))
def test_no_template_is_too_odd_to_be_read(text):
    lines = text.count("\n") + 1
    for source in scan({"templates/a.yaml": text.encode()}):
        assert 1 <= source.line <= lines
        assert source.function in ("now", ".Release.Revision", ".Release")


def test_lines_are_those_of_the_file():
    text = '{{/*\n\n*/}}\n{{ "a\nb" }}\n{{- if .Values.on\n}}x{{ now }}\n{{ end }}'
    lines = [token.line for tokens in actions(text) for token in tokens]
    assert lines == [4, 6, 6, 7, 8]


def test_a_varying_version_stays_a_draft_whatever_the_library_says(db, tmp_path):
    steps = sync.sync(chart_library.write(tmp_path, "random-password", "behind-a-value"))
    rows = dict(OfferingVersion.objects.values_list("offering__slug", "status"))
    assert rows == {"random-password": "draft", "behind-a-value": "active"}
    assert not Offering.objects.requestable().filter(slug="random-password").exists()
    (kept,) = [step for step in steps if step.what == "kept as draft"]
    assert "random-password 1.0.0" in kept.subject
    assert "Secret/storefront-example /stringData/password" in kept.subject
    assert "templates/secret.yaml:7 (randAlphaNum)" in kept.subject
    event = AuditEvent.objects.get(action="catalog.synchronised", object_label__icontains="random")
    assert str(kept) in event.after["steps"]


def test_the_command_says_so_each_time(db, tmp_path):
    folder = chart_library.write(tmp_path, "random-password")
    for _ in range(2):
        said = StringIO()
        call_command("catalog", "sync", library=folder, stdout=said)
        assert "kept as draft: random-password 1.0.0. It renders differently each time" in said.getvalue()


def test_what_was_examined_is_not_rendered_again(db, tmp_path, settings):
    folder = chart_library.write(tmp_path, "random-password", "behind-a-value")
    sync.sync(folder)
    examination.KNOWN.clear()
    settings.SLIPWAY_HELM = str(tmp_path / "no-helm-here")
    assert {step.what for step in sync.sync(folder)} == {"unchanged", "kept as draft"}


def test_a_changed_chart_or_plan_is_examined_anew(db, tmp_path):
    folder = chart_library.write(tmp_path, "behind-a-value")
    sync.sync(folder)
    chart_library.write(
        tmp_path, "behind-a-value", plans=[plan("small", default=True, session={"enabled": True})]
    )
    sync.sync(folder)
    version = OfferingVersion.objects.get()
    assert (version.status, version.reproducibility["status"]) == ("draft", "varies")
    chart_library.write(tmp_path, "behind-a-value")
    sync.sync(folder)
    version.refresh_from_db()
    assert (version.status, version.reproducibility["status"]) == ("active", "may_vary")


@pytest.mark.django_db(transaction=True)
def test_helm_never_runs_inside_of_the_transaction(tmp_path, monkeypatch):
    seen = []

    def spy(*args):
        seen.append(connection.in_atomic_block)
        return examine(*args)

    examine = reproducibility.examine
    monkeypatch.setattr(reproducibility, "examine", spy)
    sync.sync(chart_library.write(tmp_path, "only-mentions"))
    assert seen == [False]


def test_every_version_of_our_own_library_is_the_same_each_time(catalog):
    rows = OfferingVersion.objects.all()
    assert {row.reproducibility["status"] for row in rows} == {"stable"}
    assert all(len(row.reproducibility["rendered"]) >= 4 for row in rows)
