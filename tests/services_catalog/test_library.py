from __future__ import annotations

import json
from copy import deepcopy

import pytest
import yaml

from portal.core.errors import ValidationFailed
from services_catalog import library


def change(folder, slug, edit):
    file = folder / f"{slug}.yaml"
    document = yaml.safe_load(file.read_text())
    edit(document)
    file.write_text(yaml.safe_dump(document, sort_keys=False))


def errors(folder) -> dict[str, str]:
    with pytest.raises(ValidationFailed) as caught:
        library.read(folder)
    return {error["path"]: error["message"] for error in caught.value.errors}


def test_our_own_library_reads_without_an_error(offerings):
    found = {offering.slug: [version.number for version in offering.versions] for offering in offerings}
    assert list(found) == sorted(found)
    assert {"namespace", "cron-job", "static-site", "ml-batch-job", "postgresql"} <= set(found)
    assert found["web-service"] == ["1.0.0", "1.1.0", "1.2.0"]


def test_every_offering_teaches(offerings):
    for offering in offerings:
        assert offering.fields["when_not_to_use"].strip()
        for version in offering.versions:
            assert len(version.chart.text("README.md")) > 1000
            assert all(plan["description"] for plan in version.plans)


def test_errors_of_all_files_come_at_once(library_copy):
    change(library_copy, "redis", lambda doc: doc.pop("summary"))
    change(library_copy, "worker", lambda doc: doc.update(colour="red", lifecycle="sleeping"))
    (library_copy / "broken.yaml").write_text("a: [")
    assert errors(library_copy) == {
        "redis.yaml#/summary": "summary is required.",
        "worker.yaml#/colour": errors(library_copy)["worker.yaml#/colour"],
        "worker.yaml#/lifecycle": "Choose one of: active, deprecated, retired.",
        "broken.yaml#": errors(library_copy)["broken.yaml#"],
    }
    assert "There is no setting called colour here" in errors(library_copy)["worker.yaml#/colour"]
    assert errors(library_copy)["broken.yaml#"].startswith("Line 2, column 1")


@pytest.mark.parametrize(
    ("edit", "place", "said"),
    [
        (lambda v: v.update(chart="redis/9.9.9"), "/chart", "no Chart.yaml"),
        (lambda v: v.update(chart="../../etc"), "/chart", "under charts/"),
        (lambda v: v.update(version="2.0.0"), "/version", "The chart says version 1.0.0"),
        (lambda v: v.update(version="one"), "/version", "not a semantic version"),
        (lambda v: v.update(short_form=["/nope"]), "/short_form/0", "knows no /nope"),
        (
            lambda v: v.update(locked_values={"evction": "x"}),
            "/locked_values/evction",
            "Did you mean eviction",
        ),
        (
            lambda v: v["plans"][1]["values"].update(maxMemory="much"),
            "/plans/1/values/maxMemory",
            "Mi, Gi or Ti",
        ),
        (lambda v: v["plans"][1].update(slug="small"), "/plans/1/slug", "two plans called small"),
        (lambda v: v["plans"][0].update(default=False), "/plans", "Exactly one plan"),
        (lambda v: v["plans"][1].update(default=True), "/plans", "Exactly one plan"),
        (
            lambda v: v["plans"][0].update(price_cents_per_month=-1),
            "/plans/0/price_cents_per_month",
            "at least 0",
        ),
        (
            lambda v: v["plans"][0].update(price_cents_per_month=1.5),
            "/plans/0/price_cents_per_month",
            "whole number",
        ),
        (lambda v: v.update(status="beta"), "/status", "Choose one of"),
    ],
)
def test_each_mistake_in_a_version_is_named_at_its_place(library_copy, edit, place, said):
    change(library_copy, "redis", lambda doc: edit(doc["versions"][0]))
    found = errors(library_copy)
    assert said in found[f"redis.yaml#/versions/0{place}"]


def test_a_file_must_be_named_after_its_offering_and_list_a_version_once(library_copy):
    change(
        library_copy,
        "redis",
        lambda doc: doc.update(
            offering="valkey", versions=[doc["versions"][0], deepcopy(doc["versions"][0])]
        ),
    )
    assert errors(library_copy) == {
        "redis.yaml#/offering": "Must be redis, the file's name.",
        "redis.yaml#/versions/1/version": "1.0.0 is listed twice.",
    }


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        ({"type": "nonsense"}, "values schema is not usable"),
        ({"type": "object", "properties": {"a": {"x-slipway-context": "user.shoe"}}}, "asks for user.shoe"),
        (
            {"type": "object", "properties": {"a": {"x-slipway-generate": {"length": 3}}}},
            "length of 8 to 256",
        ),
        (
            {"type": "object", "properties": {"a": {"x-slipway-generate": {"alphabet": "runes"}}}},
            "an alphabet",
        ),
        (None, "has no values.schema.json"),
        ("type: object", "is not JSON"),
        ("[]", "must hold a JSON object"),
        ("[" * 5000, "JSON"),
    ],
)
def test_a_chart_whose_schema_is_of_no_use_is_refused(library_copy, schema, said):
    file = library_copy.parent / "charts" / "redis" / "1.0.0" / "values.schema.json"
    if schema is None:
        file.unlink()
    else:
        file.write_text(schema if isinstance(schema, str) else json.dumps(schema))
    assert said in errors(library_copy)["redis.yaml#/versions/0/chart"]


def test_an_empty_library_says_so(tmp_path):
    assert "holds no .yaml file" in errors(tmp_path)[""]
