"""PostgreSQL, Redis, RabbitMQ, Kafka topics and buckets: connections, secrets, backup, users and nodes."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from portal.clusters.errors import ChartDoesNotRender
from portal.clusters.helm import render
from portal.clusters.types import Target
from portal.core.errors import ValidationFailed
from services_catalog import checks, values
from tests import tools
from tests.services_catalog.pod_security import pod_of
from tests.services_catalog.rendered_charts import OFFERINGS, case_of, documents_of, one

RELEASE, NAMESPACE = "storefront-example", "storefront-dev"
# whose Secret the chart itself writes; a bucket's is written by the driver of its store
CONNECTED = ["postgresql", "redis", "rabbitmq", "kafka-topic"]
STATEFUL = ["postgresql", "redis", "rabbitmq"]
Document = dict[str, Any]


def decoded(secret: Document) -> dict[str, str]:
    return {key: base64.b64decode(value).decode() for key, value in secret["data"].items()}


def promised(slug: str) -> dict[str, list[str]]:
    """Keys by the name of the Secret, for the instance of the examples."""
    (offering,) = [each for each in OFFERINGS if each.slug == slug]
    return {
        each["name"].replace("<instance>", RELEASE): each["keys"]
        for each in offering.fields["provides"]["secrets"]
    }


def bindings(documents: list[Document]) -> dict[str, Document]:
    """The Secrets of the Service Binding Specification."""
    return {
        doc["metadata"]["name"]: doc
        for doc in documents
        if doc["kind"] == "Secret" and doc["type"].startswith("servicebinding.io/")
    }


@pytest.mark.parametrize("slug", CONNECTED)
def test_every_promised_secret_is_there_with_the_promised_keys(slug):
    found = bindings(documents_of(case_of(slug, example="full")))
    assert {name: sorted(secret["data"]) for name, secret in found.items()} == {
        name: sorted(keys) for name, keys in promised(slug).items()
    }


@pytest.mark.parametrize("slug", CONNECTED)
def test_a_connection_names_its_type_as_the_specification_wants_it(slug):
    for secret in bindings(documents_of(case_of(slug))).values():
        data = decoded(secret)
        assert secret["type"] == f"servicebinding.io/{data['type']}"
        assert {"type", "provider", "host", "port", "username", "password", "uri"} <= set(data)
        assert data["port"].isdigit()


@pytest.mark.parametrize("slug", STATEFUL)
def test_a_connection_leads_to_a_port_of_the_service(slug):
    for example in ("minimal", "full"):
        documents = documents_of(case_of(slug, example=example))
        ports = {port["port"] for port in one(documents, "Service", RELEASE)["spec"]["ports"]}
        for secret in bindings(documents).values():
            data = decoded(secret)
            assert data["host"] == f"{RELEASE}.{NAMESPACE}.svc"
            assert int(data["port"]) in ports
            assert f"{data['host']}:{data['port']}" in data["uri"]


@pytest.mark.parametrize("slug", CONNECTED)
def test_made_secrets_stand_in_secrets_only(slug):
    case = case_of(slug, example="full")
    documents = documents_of(case)
    hidden = [value for path, value in values.leaves(case.values()) if "exampleOnly" in str(value)]
    assert hidden
    others = json.dumps([document for document in documents if document["kind"] != "Secret"])
    for value in hidden:
        assert value not in others
        assert base64.b64encode(value.encode()).decode() not in others


@pytest.mark.parametrize("slug", STATEFUL)
def test_a_long_name_still_makes_valid_names_and_labels(slug):
    case = case_of(slug, example="backup" if slug == "postgresql" else "full")
    result = render(
        case.version.folder, target=Target("a" * 53, NAMESPACE), values=case.values(), binary=tools.helm()
    )
    for document in result.documents:
        name, labels = document["metadata"]["name"], document["metadata"]["labels"]
        assert all(len(value) <= 63 for value in labels.values())
        # controllers add eleven characters to these
        longest = {"StatefulSet": 52, "CronJob": 52, "Service": 63}.get(document["kind"], 253)
        assert len(name) <= longest, name


# --- PostgreSQL


def backup(**settings: Any) -> list[Document]:
    return documents_of(case_of("postgresql", example="backup"), backup=settings)


def test_who_backs_up_is_no_part_of_the_server():
    """Else the Service would send clients to it, and the budget would count it."""
    documents = backup()
    selector = one(documents, "Service", RELEASE)["spec"]["selector"]
    template = one(documents, "CronJob")["spec"]["jobTemplate"]["spec"]["template"]
    assert not selector.items() <= template["metadata"]["labels"].items()
    for kind in ("StatefulSet", "PodDisruptionBudget"):
        assert one(documents, kind)["spec"]["selector"]["matchLabels"] == selector


def test_who_backs_up_may_connect_also_when_only_some_instances_may():
    documents = backup()
    server, own = (one(documents, "NetworkPolicy", name)["spec"] for name in (RELEASE, f"{RELEASE}-backup"))
    assert own["podSelector"] in [each.get("podSelector") for each in server["ingress"][0]["from"]]
    assert own["egress"][0]["to"] == [{"podSelector": server["podSelector"]}]
    assert "ingress" not in own
    assert own["policyTypes"] == ["Ingress", "Egress"]


def test_dumps_outlive_the_instance_and_old_ones_go_after_a_good_one():
    documents = backup(keep=3, deadlineMinutes=90)
    claim = one(documents, "PersistentVolumeClaim")
    assert claim["metadata"]["annotations"] == {"helm.sh/resource-policy": "keep"}
    job = one(documents, "CronJob")["spec"]
    assert (job["concurrencyPolicy"], job["timeZone"]) == ("Forbid", "Europe/Berlin")
    assert job["jobTemplate"]["spec"]["activeDeadlineSeconds"] == 5400
    container = job["jobTemplate"]["spec"]["template"]["spec"]["containers"][0]
    assert {"name": "KEEP", "value": "3"} in container["env"]
    script = container["command"][-1]
    steps = ["pg_dump", "pg_restore --list", "mv ", "rm --"]
    assert sorted(steps, key=script.index) == steps


def test_a_backup_that_is_off_leaves_no_trace():
    kinds = {document["kind"] for document in documents_of(case_of("postgresql"))}
    assert not kinds & {"CronJob", "PersistentVolumeClaim"}


@pytest.mark.parametrize("slug", ["postgresql", "redis"])
def test_nothing_that_cannot_change_differs_from_the_version_before(slug):
    cases = [
        case
        for case in checks.cases(OFFERINGS)
        if (case.offering.slug, case.plan["slug"], case.environment) == (slug, "small", "dev")
        and case.example in ("ci/minimal-values.yaml", "ci/full-values.yaml")
    ]
    for example in ("minimal", "full"):
        fixed = [
            {
                field: one(documents_of(case), "StatefulSet")["spec"].get(field)
                for field in ("serviceName", "selector", "volumeClaimTemplates", "podManagementPolicy")
            }
            for case in cases
            if example in case.example
        ]
        assert len(fixed) >= 2
        assert all(each == fixed[0] for each in fixed)


@pytest.mark.parametrize(("slug", "port"), [("postgresql", 9187), ("redis", 9121)])
def test_metrics_come_from_beside_the_server_and_are_for_prometheus_alone(slug, port):
    off = pod_of(one(documents_of(case_of(slug)), "StatefulSet"))
    assert len(off["containers"]) == 1
    documents = documents_of(case_of(slug), metrics={"enabled": True, "namespace": "observing"})
    template = one(documents, "StatefulSet")["spec"]["template"]
    assert template["metadata"]["annotations"]["prometheus.io/port"] == str(port)
    assert [each["name"] for each in template["spec"]["containers"]][1:] == ["exporter"]
    rule = one(documents, "NetworkPolicy")["spec"]["ingress"][-1]
    assert rule["from"] == [
        {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "observing"}}}
    ]
    assert rule["ports"] == [{"port": "metrics", "protocol": "TCP"}]


# --- Redis


def redis_config(**overrides: Any) -> list[str]:
    secret = one(documents_of(case_of("redis"), **overrides), "Secret", f"{RELEASE}-config")
    return decoded(secret)["redis.conf"].splitlines()


def test_dangerous_commands_can_be_refused_and_the_password_stays():
    assert "requirepass exampleOnlyNotASecret0000" in redis_config()
    (user,) = [line for line in redis_config(dangerousCommands=False) if line.startswith("user default on")]
    assert ">exampleOnlyNotASecret0000" in user
    assert "-@dangerous" in user
    assert not any(line.startswith("requirepass") for line in redis_config(dangerousCommands=False))


def test_every_write_may_be_wanted_on_the_disk():
    kept = {"enabled": True, "fsync": "always"}
    assert {"appendonly yes", "appendfsync always"} <= set(redis_config(persistence=kept))


# --- RabbitMQ


def rabbit(example: str = "full", **overrides: Any) -> tuple[list[Document], dict[str, str]]:
    documents = documents_of(case_of("rabbitmq", example=example), **overrides)
    return documents, decoded(one(documents, "Secret", f"{RELEASE}-config"))


def test_nodes_find_each_other_by_names_that_the_headless_service_gives():
    documents, config = rabbit()
    stateful = one(documents, "StatefulSet")
    headless = one(documents, "Service", stateful["spec"]["serviceName"])["spec"]
    assert (headless["clusterIP"], headless["publishNotReadyAddresses"]) == ("None", True)
    named = [line for line in config["rabbitmq.conf"].splitlines() if "classic_config.nodes" in line]
    assert named == [
        f"cluster_formation.classic_config.nodes.{number + 1} = "
        f"rabbit@{RELEASE}-{number}.{RELEASE}-headless.{NAMESPACE}"
        for number in range(3)
    ]
    container = pod_of(stateful)["containers"][0]
    node = next(each["value"] for each in container["env"] if each["name"] == "RABBITMQ_NODENAME")
    assert node == f"rabbit@$(POD_NAME).{RELEASE}-headless.{NAMESPACE}"
    assert stateful["spec"]["podManagementPolicy"] == "Parallel"


def test_nodes_need_no_rights_in_the_cluster():
    documents, _ = rabbit()
    assert not [doc for doc in documents if doc["kind"] in ("Role", "RoleBinding", "ClusterRole")]
    assert pod_of(one(documents, "StatefulSet"))["automountServiceAccountToken"] is False


def test_only_the_nodes_reach_the_ports_of_the_cluster():
    documents, _ = rabbit()
    policy = one(documents, "NetworkPolicy")["spec"]
    for rule in policy["ingress"]:
        if {"epmd", "cluster"} & {port["port"] for port in rule["ports"]}:
            assert rule["from"] == [{"podSelector": policy["podSelector"]}]
    assert policy["egress"][0]["to"] == [{"podSelector": policy["podSelector"]}]


def test_what_was_asked_for_is_made_at_the_start():
    _, config = rabbit()
    made = json.loads(config["definitions.json"])
    assert [user["name"] for user in made["users"]] == ["admin", "storefront"]
    assert [user["tags"] for user in made["users"]] == [["administrator"], []]
    orders = next(queue for queue in made["queues"] if queue["name"] == "orders")
    assert orders["arguments"] == {
        "x-queue-type": "quorum",
        "x-message-ttl": 86_400_000,
        "x-dead-letter-exchange": "",
        "x-dead-letter-routing-key": "orders-failed",
    }
    assert made["bindings"][0]["source"] == "events"
    assert {each["vhost"] for each in made["queues"] + made["permissions"]} == {"storefront"}


def test_a_change_of_queues_or_passwords_restarts_the_nodes_and_one_of_who_may_connect_does_not():
    def stamp(**overrides: Any) -> str:
        documents, _ = rabbit("minimal", **overrides)
        template = one(documents, "StatefulSet")["spec"]["template"]
        return str(template["metadata"]["annotations"]["slipway.dev/config-digest"])

    assert stamp() == stamp(allowedInstances=["storefront"])
    assert len({stamp(), stamp(queues=[{"name": "a"}]), stamp(password="exampleOnlyNotASecret0009")}) == 3


def test_tls_alone_closes_the_plain_port_everywhere():
    documents, config = rabbit()
    assert "listeners.tcp = none" in config["rabbitmq.conf"]
    for name in (RELEASE, f"{RELEASE}-headless"):
        ports = {port["name"] for port in one(documents, "Service", name)["spec"]["ports"]}
        assert "amqp" not in ports
    assert decoded(one(documents, "Secret", f"{RELEASE}-connection"))["uri"].startswith("amqps://")


def test_tls_alone_without_tls_is_refused():
    case = case_of("rabbitmq")
    with pytest.raises(ChartDoesNotRender):
        documents_of(case, tls={"only": True})
    model = checks.model_of(case.version)
    with pytest.raises(ValidationFailed) as refused:
        values.compose(model, None, {"tls": {"only": True}}, case.context)
    assert [error["path"] for error in refused.value.errors] == ["/tls/enabled"]


# --- Kafka topics


def test_a_user_may_use_its_topic_and_groups_that_nobody_else_can_mean():
    user = one(documents_of(case_of("kafka-topic")), "KafkaUser")
    assert user["metadata"]["name"] == f"{NAMESPACE}.{RELEASE}"
    acls = {each["resource"]["type"]: each for each in user["spec"]["authorization"]["acls"]}
    assert acls["topic"]["resource"] == {
        "type": "topic",
        "name": f"{NAMESPACE}.{RELEASE}",
        "patternType": "literal",
    }
    # the dot keeps "order" out of the groups of "orders"
    assert acls["group"]["resource"]["name"] == f"{NAMESPACE}.{RELEASE}."
    assert "transactionalId" not in acls


@pytest.mark.parametrize(
    ("access", "may", "groups"),
    [("both", {"Read", "Write"}, True), ("write", {"Write"}, False), ("read", {"Read"}, True)],
)
def test_a_user_gets_the_rights_that_were_asked_for(access, may, groups):
    user = one(documents_of(case_of("kafka-topic"), access=access), "KafkaUser")
    acls = {each["resource"]["type"]: each for each in user["spec"]["authorization"]["acls"]}
    assert set(acls["topic"]["operations"]) == {"Describe", "DescribeConfigs"} | may
    assert ("group" in acls) is groups


def test_the_password_in_kafka_is_the_one_of_the_connection():
    documents = documents_of(case_of("kafka-topic", example="full"))
    secrets = bindings(documents)
    users = [document for document in documents if document["kind"] == "KafkaUser"]
    assert len(users) == len(secrets) == 2
    for user in users:
        reference = user["spec"]["authentication"]["password"]["valueFrom"]["secretKeyRef"]
        data = decoded(secrets[reference["name"]])
        assert data["username"] == user["metadata"]["name"]
        assert f'username="{data["username"]}" password="{data["password"]}";' in data["saslJaasConfig"]


def test_the_second_user_only_reads():
    documents = documents_of(case_of("kafka-topic", example="full"))
    reader = one(documents, "KafkaUser", f"{NAMESPACE}.{RELEASE}.reader")
    operations = {each for acl in reader["spec"]["authorization"]["acls"] for each in acl["operations"]}
    assert operations == {"Describe", "DescribeConfigs", "Read"}


def test_numbers_of_a_topic_are_whole_ones():
    """Helm reads large numbers as floats, and prints 2.592e+09."""
    config = one(documents_of(case_of("kafka-topic", example="full")), "KafkaTopic")["spec"]["config"]
    assert (config["retention.ms"], config["retention.bytes"]) == (2_592_000_000, 536_870_912)
    compacted = one(documents_of(case_of("kafka-topic"), topic={"cleanup": "compact"}), "KafkaTopic")
    assert "retention.ms" not in compacted["spec"]["config"]


def test_an_authority_of_its_own_is_handed_on():
    documents = documents_of(case_of("kafka-topic"), kafka={"caCertificate": "PEM"})
    assert decoded(one(documents, "Secret"))["ca.crt"] == "PEM"


# --- buckets


def test_each_service_can_have_keys_of_its_own():
    documents = documents_of(case_of("object-bucket", plan="standard", example="full"))
    accesses = {doc["metadata"]["name"]: doc["spec"] for doc in documents if doc["kind"] == "BucketAccess"}
    assert list(accesses) == [RELEASE, f"{RELEASE}-reports", f"{RELEASE}-thumbnails"]
    for name, spec in accesses.items():
        assert spec["bucketClaimName"] == one(documents, "BucketClaim")["metadata"]["name"]
        assert spec["credentialsSecretName"] == f"{name}-connection"
    assert not [doc for doc in documents if doc["kind"] == "Secret"]


@pytest.mark.parametrize("plan", ["scratch", "standard"])
def test_the_plan_says_what_becomes_of_the_bucket(plan):
    documents = documents_of(case_of("object-bucket", plan=plan))
    assert one(documents, "BucketClaim")["spec"]["bucketClassName"] == plan
