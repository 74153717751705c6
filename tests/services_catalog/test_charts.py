"""Our charts, rendered by both helms: what they create is what this file and the snapshots say."""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
from pathlib import Path

import kubernetes_validate
import pytest
import yaml
from django.conf import settings

from portal.clusters.errors import ChartDoesNotRender
from portal.clusters.helm import render
from portal.clusters.types import Target
from portal.core.objects import key_of
from services_catalog import checks, library, schemas, values
from services_catalog.models import Plan
from tests import tools
from tests.services_catalog.pod_security import pod_of, violations

SNAPSHOTS = Path(__file__).parent / "snapshots"
OFFERINGS = library.read(Path(settings.SLIPWAY_LIBRARY_DIR))
VERSIONS = [version for offering in OFFERINGS for version in offering.versions]
# each plan and example once: which environment it is changes labels only
CASES = [case for case in checks.cases(OFFERINGS) if case.environment == "dev"]
KUBERNETES = "1.36"


def name_of(version) -> str:
    return f"{version.chart.name}-{version.number}"


@pytest.fixture(params=["helm3", "helm4"])
def helm_binary(request):
    return tools.helm3() if request.param == "helm3" else tools.helm()


@pytest.fixture(scope="module")
def rendered():
    """Every case, rendered once."""
    return {str(case): documents_of(case) for case in CASES}


def documents_of(case, **overrides) -> list[dict]:
    composed = values.merge(case.values(), overrides)
    result = render(case.version.folder, target=case.target, values=composed, binary=tools.helm())
    return sorted(result.documents, key=key_of)


def case_of(slug: str, plan: str = "small", example: str = "minimal", environment: str = "dev"):
    return next(
        case
        for case in reversed(list(checks.cases(OFFERINGS)))
        if (case.offering.slug, case.plan["slug"], case.environment) == (slug, plan, environment)
        and case.example == f"ci/{example}-values.yaml"
    )


def one(documents, kind: str, name: str | None = None) -> dict:
    found = [doc for doc in documents if doc["kind"] == kind and name in (None, doc["metadata"]["name"])]
    assert len(found) == 1, (kind, name, [str(key_of(doc)) for doc in documents])
    return found[0]


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
def test_what_is_rendered_is_valid_kubernetes(case, rendered):
    for document in rendered[str(case)]:
        kubernetes_validate.validate(document, KUBERNETES, strict=True)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_every_object_says_where_it_lives_and_whose_it_is(case, rendered):
    names = [key_of(document) for document in rendered[str(case)]]
    assert len(names) == len(set(names))
    for document in rendered[str(case)]:
        labels = document["metadata"]["labels"]
        assert labels["slipway.dev/team"] == "shop"
        assert labels["slipway.dev/application"] == labels["app.kubernetes.io/part-of"] == "storefront"
        assert labels["slipway.dev/environment"] == "dev"
        assert labels["app.kubernetes.io/instance"] == case.target.release
        assert labels["app.kubernetes.io/managed-by"] == "Helm"
        if document["kind"] != "Namespace":
            assert document["metadata"]["namespace"] == "storefront-dev"


@pytest.mark.parametrize("case", CASES, ids=str)
def test_every_pod_is_restricted_bounded_and_probed(case, rendered):
    for document in rendered[str(case)]:
        pod = pod_of(document)
        if pod is None:
            continue
        assert list(violations(pod)) == []
        assert pod["automountServiceAccountToken"] is False
        for container in pod["containers"]:
            assert container["securityContext"]["readOnlyRootFilesystem"] is True
            assert (
                set(container["resources"]["requests"])
                == set(container["resources"]["limits"])
                == {"cpu", "memory"}
            )
            assert "readinessProbe" in container
            assert "livenessProbe" in container
            image = container["image"].partition("@")[0]
            assert re.fullmatch(r"registry\.example\.com/[a-z/-]+:\d+(\.\d+)+", image), image
        for volume in pod["volumes"]:
            assert volume.get("emptyDir", {"sizeLimit": ""}).get("sizeLimit") is not None


@pytest.mark.parametrize("case", [case for case in CASES if case.plan.get("default")], ids=str)
def test_rendered_objects_are_those_of_the_snapshot(case, rendered):
    """After a wanted change of a chart: SLIPWAY_UPDATE_SNAPSHOTS=1 pytest …, then read the difference."""
    example = Path(case.example).name.removesuffix("-values.yaml")
    file = SNAPSHOTS / f"{name_of(case.version)}-{example}.yaml"
    text = yaml.safe_dump_all(rendered[str(case)], sort_keys=True, allow_unicode=True, width=110)
    if os.environ.get("SLIPWAY_UPDATE_SNAPSHOTS"):
        file.write_text(text)
    assert file.read_text() == text


def test_there_is_no_snapshot_of_nothing():
    wanted = {
        f"{name_of(case.version)}-{Path(case.example).name.removesuffix('-values.yaml')}.yaml"
        for case in CASES
    }
    assert {file.name for file in SNAPSHOTS.iterdir()} == wanted


# --- namespace


def test_a_namespace_is_closed_limited_and_labelled():
    documents = documents_of(case_of("namespace", example="dev"))
    namespace = one(documents, "Namespace")
    assert namespace["metadata"]["name"] == "storefront-dev"
    levels = {key.rpartition("/")[2]: value for key, value in namespace["metadata"]["labels"].items()}
    assert levels["enforce"] == levels["audit"] == levels["warn"] == "restricted"
    deny = one(documents, "NetworkPolicy", "default-deny")["spec"]
    assert deny == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    hard = one(documents, "ResourceQuota")["spec"]["hard"]
    assert (hard["requests.cpu"], hard["services.nodeports"], hard["services.loadbalancers"]) == (
        "4",
        "0",
        "0",
    )
    limits = one(documents, "LimitRange")["spec"]["limits"][0]
    assert set(limits) == {"type", "default", "defaultRequest", "max"}


@pytest.mark.parametrize(
    ("environment", "role"), [("dev", "edit"), ("staging", "view"), ("production", "view")]
)
def test_developers_edit_in_dev_and_look_elsewhere(environment, role):
    documents = documents_of(case_of("namespace", example="dev", environment=environment))
    binding = one(documents, "RoleBinding", f"developers-{role}")
    assert binding["roleRef"]["name"] == role
    assert [subject["name"] for subject in binding["subjects"]] == ["slipway:team:shop"]


def test_the_deployer_may_do_what_our_charts_need_and_no_more(rendered):
    role = one(documents_of(case_of("namespace", example="dev")), "Role")
    writable = {
        (group, resource)
        for rule in role["rules"]
        if "create" in rule["verbs"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
    }
    needed = {("", "secrets")}  # Helm keeps its releases there
    for case in CASES:
        if case.offering.slug != "namespace":
            for document in rendered[str(case)]:
                kind = document["kind"].lower()
                plural = (
                    kind[:-1] + "ies" if kind.endswith("y") else kind + ("es" if kind.endswith("s") else "s")
                )
                needed.add((key_of(document).group, plural))
    assert needed <= writable
    # room for what charts of ours will hold next, and for nothing that guards the namespace
    assert writable - needed == {("batch", "jobs"), ("batch", "cronjobs"), ("", "persistentvolumeclaims")}
    text = json.dumps(role["rules"])
    for never in (
        "*",
        "rbac",
        "resourcequotas",
        "limitranges",
        "namespaces",
        "impersonate",
        "escalate",
        "bind",
        "exec",
    ):
        assert f'"{never}' not in text


# --- web service


def test_an_expert_override_reaches_the_pod_so_that_policy_can_refuse_it():
    documents = documents_of(
        case_of("web-service"),
        securityContext={
            "privileged": True,
            "readOnlyRootFilesystem": False,
            "capabilities": {"add": ["SYS_ADMIN"]},
        },
        podSecurityContext={"runAsNonRoot": False, "runAsUser": 0},
    )
    pod = pod_of(one(documents, "Deployment"))
    context = pod["containers"][0]["securityContext"]
    assert context["privileged"] is True
    assert context["readOnlyRootFilesystem"] is False
    assert context["capabilities"] == {"drop": ["ALL"], "add": ["SYS_ADMIN"]}
    assert (pod["securityContext"]["runAsNonRoot"], pod["securityContext"]["runAsUser"]) == (False, 0)
    assert {"privileged", "capabilities.add", "runAsNonRoot", "runAsUser"} <= set(violations(pod))


@pytest.mark.parametrize(
    ("overrides", "present"),
    [
        ({"replicas": 1}, False),
        ({"replicas": 2}, True),
        ({"replicas": 1, "autoscaling": {"enabled": True, "minReplicas": 2}}, True),
        ({"replicas": 5, "autoscaling": {"enabled": True, "minReplicas": 1}}, False),
    ],
)
def test_a_disruption_budget_comes_with_the_second_copy(overrides, present):
    documents = documents_of(case_of("web-service"), **overrides)
    assert any(doc["kind"] == "PodDisruptionBudget" for doc in documents) is present


def test_the_autoscaler_alone_decides_the_number_of_copies():
    fixed = documents_of(case_of("web-service"), replicas=3)
    scaled = documents_of(case_of("web-service"), replicas=3, autoscaling={"enabled": True})
    assert one(fixed, "Deployment")["spec"]["replicas"] == 3
    assert "replicas" not in one(scaled, "Deployment")["spec"]
    assert one(scaled, "HorizontalPodAutoscaler")["spec"]["scaleTargetRef"]["name"] == "storefront-example"


def test_a_change_of_configuration_restarts_the_pods_and_nothing_else_does():
    def stamp(**overrides):
        template = one(documents_of(case_of("web-service"), **overrides), "Deployment")["spec"]["template"]
        return template["metadata"]["annotations"]["slipway.dev/env-digest"]

    assert stamp() == stamp(replicas=4)
    assert len({stamp(), stamp(env={"A": "1"}), stamp(env={"A": "2"}), stamp(secretEnv={"A": "1"})}) == 4


@pytest.mark.parametrize("word", ["on", "null", "y", "true", "e1"])
def test_names_that_yaml_would_misread_stay_text(word):
    case = case_of("web-service", example="full")
    composed = values.merge(
        case.values(),
        {"slipway": {"application": word, "team": "1e3"}, "env": {"NO": "off"}, "image": {"tag": "1.10"}},
    )
    result = render(case.version.folder, target=Target(word, "null"), values=composed, binary=tools.helm())
    for document in result.documents:
        kubernetes_validate.validate(document, KUBERNETES, strict=True)
        assert document["metadata"]["labels"]["slipway.dev/application"] == word
        assert document["metadata"]["labels"]["slipway.dev/team"] == "1e3"
    assert one(result.documents, "ConfigMap")["data"] == {
        "LOG_LEVEL": "info",
        "FEATURE_CART": "true",
        "NO": "off",
    }
    assert ":1.10@" in result.images[0]


def test_a_connection_is_mounted_and_given_as_a_variable():
    pod = pod_of(
        one(documents_of(case_of("web-service"), bindings=[{"instance": "db", "env": "URL"}]), "Deployment")
    )
    container = pod["containers"][0]
    assert {"name": "SERVICE_BINDING_ROOT", "value": "/bindings"} in container["env"]
    reference = {"secretKeyRef": {"name": "db-connection", "key": "uri"}}
    assert {"name": "URL", "valueFrom": reference} in container["env"]
    assert {"name": "binding-db", "mountPath": "/bindings/db", "readOnly": True} in container["volumeMounts"]


def test_helm_itself_refuses_values_against_the_schema():
    case = case_of("web-service")
    for wrong in ({"replicas": "two"}, {"nonsense": 1}, {"image": {"tag": "a b"}}):
        with pytest.raises(ChartDoesNotRender):
            documents_of(case, **wrong)


# --- stateful ones


@pytest.mark.parametrize(("slug", "port"), [("postgresql", 5432), ("redis", 6379)])
def test_the_connection_secret_has_the_shape_that_the_catalog_promises(slug, port, offerings):
    documents = documents_of(case_of(slug))
    secret = one(documents, "Secret", "storefront-example-connection")
    promised = next(each for each in offerings if each.slug == slug).fields["provides"]["secrets"][0]
    assert sorted(secret["data"]) == sorted(promised["keys"])
    assert secret["type"] == f"servicebinding.io/{slug}"
    data = {key: base64.b64decode(value).decode() for key, value in secret["data"].items()}
    service = one(documents, "Service", "storefront-example")
    assert data["host"] == f"{service['metadata']['name']}.storefront-dev.svc"
    assert int(data["port"]) == service["spec"]["ports"][0]["port"] == port
    assert f":{data['password']}@{data['host']}:{port}/" in data["uri"]


@pytest.mark.parametrize("slug", ["postgresql", "redis"])
def test_the_password_stands_in_secrets_only(slug):
    case = case_of(slug)
    password = case.values()["password"]
    encoded = base64.b64encode(password.encode()).decode()
    for document in documents_of(case):
        if document["kind"] != "Secret":
            assert password not in json.dumps(document)
            assert encoded not in json.dumps(document)


@pytest.mark.parametrize("slug", ["postgresql", "redis"])
def test_a_long_name_still_makes_valid_labels(slug):
    case = case_of(slug)
    release = "a" * 52 + "b"
    result = render(
        case.version.folder,
        target=Target(release, "storefront-dev"),
        values=case.values(),
        binary=tools.helm(),
    )
    stateful = one(result.documents, "StatefulSet")
    # the controller adds a label "<name>-<ten characters>"
    assert len(stateful["metadata"]["name"]) + 11 <= 63
    for document in result.documents:
        assert all(len(value) <= 63 for value in document["metadata"]["labels"].values())
        if document["kind"] == "Service":
            assert len(document["metadata"]["name"]) <= 63


@pytest.mark.parametrize("slug", ["postgresql", "redis"])
def test_only_named_instances_may_connect_when_some_are_named(slug):
    everybody = one(documents_of(case_of(slug)), "NetworkPolicy")["spec"]
    assert everybody["ingress"][0]["from"] == [{"podSelector": {}}]
    named = one(documents_of(case_of(slug), allowedInstances=["web"]), "NetworkPolicy")["spec"]
    selector = named["ingress"][0]["from"][0]["podSelector"]["matchExpressions"][0]
    assert (selector["key"], selector["values"]) == ("app.kubernetes.io/instance", ["web"])
    assert "egress" not in named
    assert "Egress" in named["policyTypes"]


def test_redis_forgets_or_keeps_as_it_is_told():
    def config(**overrides):
        secret = one(documents_of(case_of("redis"), **overrides), "Secret", "storefront-example-config")
        return base64.b64decode(secret["data"]["redis.conf"]).decode().splitlines()

    assert "appendonly no" in config()
    assert "maxmemory 100mb" in config()
    kept = config(persistence={"enabled": True}, eviction="noeviction")
    assert {"appendonly yes", "maxmemory-policy noeviction"} <= set(kept)
    cache = one(documents_of(case_of("redis")), "StatefulSet")["spec"]
    queue = one(documents_of(case_of("redis"), persistence={"enabled": True}), "StatefulSet")["spec"]
    assert "volumeClaimTemplates" not in cache
    assert queue["volumeClaimTemplates"][0]["spec"]["resources"]["requests"]["storage"] == "2Gi"


@pytest.mark.parametrize("slug", ["web-service", "worker", "postgresql", "redis"])
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
