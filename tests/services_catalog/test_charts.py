"""Our charts, rendered by both helms: what they create is what the snapshots say."""

from __future__ import annotations

import re
import subprocess

import kubernetes_validate
import pytest

from portal.core.objects import key_of
from services_catalog import checks, schemas, values
from services_catalog.models import Plan
from tests import tools
from tests.services_catalog import custom_kinds
from tests.services_catalog.pod_security import pod_of, violations
from tests.services_catalog.rendered_charts import CASES, KUBERNETES, VERSIONS, case_of, name_of, rendered

COMPUTE = {"cpu", "memory"}
# a run that ends needs no probes
RUNS = {"Job", "CronJob"}


@pytest.fixture(params=["helm3", "helm4"])
def helm_binary(request):
    return tools.helm3() if request.param == "helm3" else tools.helm()


@pytest.mark.parametrize("version", VERSIONS, ids=name_of)
def test_both_helms_find_nothing_to_complain_about(version, helm_binary):
    for example in checks.examples(version):
        done = subprocess.run(
            [helm_binary, "lint", "--strict", version.folder, "--values", version.folder / example],
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert "WARNING" not in done.stdout


@pytest.mark.parametrize("version", VERSIONS, ids=name_of)
def test_a_chart_says_what_it_is(version):
    metadata = version.chart.metadata
    assert metadata["type"] == "application"
    assert metadata["appVersion"]
    assert metadata["kubeVersion"].startswith(">=")
    assert metadata["description"].endswith(".")
    assert version.folder.parts[-2:] == (metadata["name"], metadata["version"])


@pytest.mark.parametrize("version", VERSIONS, ids=name_of)
def test_rendering_depends_on_values_alone(version):
    """No randomness, no clock, no look into the cluster: the seal compares digests of what is rendered."""
    functions = re.compile(
        r"\b(lookup|now|date|htmlDate|rand(AlphaNum|Alpha|Numeric|Ascii|Bytes|Int)|uuidv4|gen\w+|htpasswd|bcrypt|"
        r"env|expandenv|getHostByName)\b"
    )
    facts = re.compile(r"\.(Release\.(Revision|IsInstall|IsUpgrade)|Capabilities)\b")
    for path, content in version.chart.files.items():
        if path.startswith("templates/"):
            comments = re.sub(r"{{-?/\*.*?\*/-?}}", "", content.decode(), flags=re.DOTALL)
            actions = " ".join(re.findall(r"{{.*?}}", comments, re.DOTALL))
            assert not facts.search(actions), path
            assert not functions.search(re.sub(r'"[^"]*"|\.[A-Za-z][\w.]*', "", actions)), path


@pytest.mark.parametrize("version", VERSIONS, ids=name_of)
def test_every_field_of_the_form_is_explained_and_bounded(version):
    schema = version.values_schema
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    for place in schemas.places(schema):
        node = place.schema
        if place.path and place.path[-1] != "*" and "type" in node:
            assert node.get("title"), place.path
        if node.get("type") == "object" and "properties" in node:
            assert node.get("additionalProperties") is False, place.path
        if node.get("type") == "string" and node.get("pattern") and schemas.CONTEXT not in node:
            fixed = place.path[-1] in ("className", "controllerNamespace")
            assert node.get("x-slipway-hint") or fixed, place.path


@pytest.mark.parametrize("version", VERSIONS, ids=name_of)
def test_every_default_is_described_by_the_schema(version):
    for path, _ in values.leaves(version.default_values):
        assert schemas.at(version.values_schema, path) is not None, path


@pytest.mark.parametrize("case", CASES, ids=str)
def test_what_is_rendered_is_valid_kubernetes(case):
    for document in rendered(case):
        if custom_kinds.is_custom(document):
            assert custom_kinds.problems(document) == []
        else:
            kubernetes_validate.validate(document, KUBERNETES, strict=True)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_every_object_says_where_it_lives_and_whose_it_is(case):
    names = [key_of(document) for document in rendered(case)]
    assert len(names) == len(set(names))
    for document in rendered(case):
        labels = document["metadata"]["labels"]
        assert labels["slipway.dev/team"] == "shop"
        assert labels["slipway.dev/application"] == labels["app.kubernetes.io/part-of"] == "storefront"
        assert labels["slipway.dev/environment"] == "dev"
        assert labels["app.kubernetes.io/instance"] == case.target.release
        assert labels["app.kubernetes.io/managed-by"] == "Helm"
        if document["kind"] != "Namespace":
            assert document["metadata"]["namespace"] == "storefront-dev"


@pytest.mark.parametrize("case", CASES, ids=str)
def test_every_pod_is_restricted_bounded_and_probed_unless_it_ends(case):
    for document in rendered(case):
        pod = pod_of(document)
        if pod is None:
            continue
        assert list(violations(pod)) == []
        assert pod["automountServiceAccountToken"] is False
        for container in [*pod["containers"], *pod.get("initContainers", [])]:
            assert container["securityContext"]["readOnlyRootFilesystem"] is True
            assert set(container["resources"]["requests"]) == COMPUTE
            assert set(container["resources"]["limits"]) - {"nvidia.com/gpu"} == COMPUTE
            image = container["image"].partition("@")[0]
            assert re.fullmatch(r"registry\.example\.com/[a-z/-]+:\d+(\.\d+)+", image), image
        for container in pod["containers"] if document["kind"] not in RUNS else []:
            assert "readinessProbe" in container
            assert "livenessProbe" in container
        for volume in pod["volumes"]:
            assert volume.get("emptyDir", {"sizeLimit": ""}).get("sizeLimit") is not None


@pytest.mark.parametrize("slug", ["web-service", "worker", "cron-job", "static-site", "postgresql", "redis"])
def test_a_larger_plan_gives_more_and_costs_more(slug):
    version = case_of(slug).version
    prices = [plan["price_cents_per_month"] for plan in version.plans]
    assert prices == sorted(set(prices))
    cpu = [
        values.base_values(checks.model_of(version), Plan(values=plan.get("values", {})))["resources"][
            "requests"
        ]["memory"]
        for plan in version.plans
    ]
    assert len(set(cpu)) == 3
