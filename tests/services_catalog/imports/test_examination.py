"""What is found about a chart that nobody trusts."""

from __future__ import annotations

import json

import pytest
import yaml

from services_catalog.archives import PackedChart, pack_files
from services_catalog.imports import examine
from services_catalog.imports.policies import of_the_folder
from tests.services_catalog.imports.charts import chart, redis

ROLE = """\
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: everything}
rules: [{apiGroups: ["*"], resources: ["*"], verbs: ["*"]}]
"""
WEBHOOK = """\
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: guard}
webhooks: []
"""
JOB = """\
apiVersion: batch/v1
kind: Job
metadata:
  name: setup
  namespace: somewhere-else
  annotations: {helm.sh/hook: pre-install}
spec:
  template:
    spec:
      restartPolicy: Never
      hostNetwork: true
      volumes: [{name: machine, hostPath: {path: /etc}}]
      initContainers: [{name: first, image: "docker.io/init:1", securityContext: {privileged: true}}]
      containers: [{name: main, image: "docker.io/main:2"}]
"""
CRD = """\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: things.example.com}
spec:
  group: example.com
  names: {kind: Thing, plural: things}
  scope: Namespaced
  versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object}}}]
"""


def codes(report, part="blocking"):
    return [each["code"] for each in report[part]]


def test_a_decent_chart_may_be_published_and_its_report_is_plain_json():
    report = examine(redis())
    assert report["blocking"] == []
    assert report["schema"]["given"]
    assert report["schema"]["draft"] == "2020-12"
    assert "ci/full-values.yaml" in [each["values"] for each in report["renderings"] if each["ok"]]
    assert {"StatefulSet", "Service", "Secret"} <= {each["kind"] for each in report["creates"]["kinds"]}
    assert json.loads(json.dumps(report)) == report


def test_the_same_chart_gives_the_same_report():
    assert examine(chart()) == examine(chart())


def test_what_the_policies_say_is_told_by_object_and_environment():
    deployment = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: careless, namespace: storefront-dev}
spec:
  selector: {matchLabels: {app: careless}}
  template:
    metadata: {labels: {app: careless}}
    spec:
      containers: [{name: main, image: "nginx:latest", securityContext: {privileged: true}}]
"""
    report = examine(chart(**{"templates/careless.yaml": deployment}))
    assert "policy_denies" in codes(report, "remarks")
    assert report["policy"]["counts"]["production"]["denied"] > 0
    privileged = next(each for each in report["policy"]["findings"] if each["policy"] == "pod-privileged")
    assert privileged["object"] == "Deployment/careless"
    assert privileged["outcomes"]["production"] == "deny"


def test_whatever_reaches_far_is_named():
    report = examine(
        chart(
            **{
                "templates/role.yaml": ROLE,
                "templates/webhook.yaml": WEBHOOK,
                "templates/job.yaml": JOB,
                "crds/things.yaml": CRD,
            }
        )
    )
    creates = report["creates"]
    assert creates["hooks"] == [{"object": "Job/setup (somewhere-else)", "events": "pre-install"}]
    assert creates["other_namespaces"] == ["Job/setup (somewhere-else)"]
    assert creates["crds"] == ["CustomResourceDefinition/things.example.com"]
    assert creates["webhooks"] == ["ValidatingWebhookConfiguration/guard"]
    assert creates["access"] == [{"object": "ClusterRole/everything", "why": "may * on *"}]
    assert {each["why"] for each in creates["privileged"]} == {
        "hostNetwork: true",
        "mounts /etc of the machine",
        "container first: privileged",
    }
    assert report["images"] == ["docker.io/init:1", "docker.io/main:2"]
    assert "ClusterRole/everything (rbac.authorization.k8s.io/v1)" in report["beyond_a_team"]
    assert {"beyond_a_team", "webhooks", "crds", "far_access", "privileged", "hooks"} <= set(
        codes(report, "remarks")
    )


def test_defaults_that_do_not_render_are_said_and_keep_nobody_from_publishing():
    needy = 'whom: {{ required "Say whom to greet." .Values.whom }}\n'
    report = examine(chart(**{"templates/needy.yaml": needy, "ci/full-values.yaml": "whom: alice\n"}))
    assert report["blocking"] == []
    remark = next(each for each in report["remarks"] if each["code"] == "defaults_do_not_render")
    assert "Say whom to greet." in remark["message"]
    assert report["usual"] == "ci/full-values.yaml", "what does render is what is judged"


def test_what_is_made_by_chance_is_found():
    secret = CONFIG_WITH_CHANCE
    report = examine(chart(**{"templates/chance.yaml": secret}))
    assert report["reproducibility"]["status"] == "varies"
    assert "renders_differently" in codes(report, "remarks")


CONFIG_WITH_CHANCE = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: chance}
data: {key: {{ randAlphaNum 12 | quote }}}
"""


@pytest.mark.parametrize("schema", ["reference", "draft", "relative"])
@pytest.mark.parametrize("place", ["values.schema.json", "charts/inner/values.schema.json", "packed"])
def test_a_schema_that_refers_elsewhere_is_refused_and_nothing_is_fetched(unused_tcp_listener, schema, place):
    address, met = unused_tcp_listener
    written = json.dumps(
        {
            "reference": {"properties": {"greeting": {"$ref": f"http://{address}/schema.json"}}},
            "draft": {"$schema": f"http://{address}/draft"},
            "relative": {"$id": f"http://{address}/a.json", "allOf": [{"$ref": "b.json"}]},
        }[schema]
    )
    report = examine(_with_schema(place, written))
    assert codes(report) == ["schema_remote"]
    assert met() == 0, "helm would have followed it"


def _with_schema(place: str, written: str) -> PackedChart:
    inner = chart(name="inner", **{"values.schema.json": written})
    if place == "packed":
        outer = chart()
        return pack_files({**outer.files, "charts/inner-1.0.0.tgz": inner.content}, label="greeter")
    folder = {"charts/inner/Chart.yaml": inner.text("Chart.yaml")} if place.startswith("charts/") else {}
    return chart(**{place: written, **folder})


@pytest.mark.parametrize(
    "schema",
    [
        {"properties": {"greeting": {"$ref": "#"}}},
        {"$ref": "#/definitions/a", "definitions": {"a": {"$ref": "#/definitions/a"}}},
        {
            "$ref": "#/$defs/a",
            "$defs": {
                "a": {"properties": {"b": {"$ref": "#/$defs/b"}}},
                "b": {"items": {"$ref": "#/$defs/a"}},
            },
        },
    ],
    ids=["whole", "itself", "pair"],
)
def test_a_schema_in_a_circle_is_refused(schema):
    assert codes(examine(chart(**{"values.schema.json": json.dumps(schema)}))) == ["schema_recursive"]


def test_the_same_definition_used_twice_is_no_circle():
    schema = {
        "properties": {"greeting": {"$ref": "#/$defs/text"}, "other": {"$ref": "#/$defs/text"}},
        "$defs": {"text": {"type": "string"}},
    }
    assert codes(examine(chart(**{"values.schema.json": json.dumps(schema)}))) == []


@pytest.mark.parametrize(
    ("files", "code"),
    [
        ({"values.schema.json": "{"}, "schema_unreadable"),
        ({"values.schema.json": "[]"}, "schema_unreadable"),
        ({"values.schema.json": '{"type": "no such type"}'}, "schema_invalid"),
        ({"values.yaml": "a: [\n"}, "values_unreadable"),
        ({"values.yaml": "- a list\n"}, "values_unreadable"),
        (
            {
                "values.yaml": "a: &a [x, x]\nb: &b [*a, *a, *a, *a, *a, *a, *a, *a]\n"
                + "".join(
                    f"c{n}: &c{n} [*{'b' if n == 0 else f'c{n - 1}'}, *b, *b, *b, *b, *b, *b, *b]\n"
                    for n in range(12)
                )
            },
            None,
        ),
    ],
)
def test_files_that_cannot_be_read_are_said(files, code):
    report = examine(chart(**files))
    assert code is None or code in codes(report)


def test_anchors_in_values_are_read_as_helm_reads_them():
    report = examine(chart(**{"values.yaml": "greeting: &g hi\nother: *g\n"}))
    assert report["blocking"] == []


@pytest.mark.parametrize("vendored", [True, False])
def test_a_dependency_has_to_be_in_the_archive(vendored):
    metadata = {"dependencies": [{"name": "other", "version": "1.0.0", "repository": "https://example.com"}]}
    inner = {
        "charts/other/Chart.yaml": yaml.safe_dump({"apiVersion": "v2", "name": "other", "version": "1.0.0"})
    }
    report = examine(chart(metadata=metadata, **(inner if vendored else {})))
    assert codes(report) == ([] if vendored else ["dependency_missing"])
    assert report["chart"]["dependencies"][0]["vendored"] is vendored


def test_a_library_chart_is_nothing_by_itself():
    assert "library_chart" in codes(examine(chart(metadata={"type": "library"})))


def test_a_chart_that_renders_without_an_end_is_stopped():
    endless = "{{ range until 2000000 }}# aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n{{ end }}"
    report = examine(chart(**{"templates/endless.yaml": endless}))
    assert report["renderings"][0]["ok"] is False
    assert "MiB" in report["renderings"][0]["reason"]


def test_a_chart_that_breaks_the_policies_engine_is_not_thereby_fit(monkeypatch):
    def broken(*_: object) -> None:
        raise RuntimeError("no")

    monkeypatch.setattr("services_catalog.imports.policies.verdicts", broken)
    assert "policy_unreadable" in codes(examine(chart()))


def test_the_report_is_made_anew_when_the_policies_change():
    from services_catalog.imports import examined_digest
    from services_catalog.imports.policies import Policies

    now = of_the_folder()
    fewer = Policies(now.bundle.narrowed(["image-tag"]))
    packed: PackedChart = chart()
    assert examined_digest(packed, policies=now) == examined_digest(packed)
    assert examined_digest(packed, policies=fewer) != examined_digest(packed)
