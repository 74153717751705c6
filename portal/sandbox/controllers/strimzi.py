"""Kafka topics and users, answered as Strimzi's entity operator does for a cluster that is not there.

Sources: strimzi-kafka-operator 1.x, `BatchingTopicController` (conditions, reasons, what may not change) and
`KafkaUserModel` (the user's Secret). An operator looks at the objects of its own Kafka cluster alone.
"""

from __future__ import annotations

import base64
import secrets
import string

from portal.sandbox import conditions, owners
from portal.sandbox.controllers.base import Key, key_of
from portal.sandbox.controllers.operator import Operator
from portal.sandbox.objects import Object, dig
from portal.sandbox.store import Event

TOPIC = "kafka.strimzi.io/KafkaTopic"
USER = "kafka.strimzi.io/KafkaUser"
CLUSTER = "strimzi.io/cluster"
# the one Kafka cluster that there would be
KAFKA = "kafka"
PASSWORD_LENGTH = 32
JAAS = (
    "org.apache.kafka.common.security.scram.ScramLoginModule required "
    'username="{name}" password="{password}";'
)


class KafkaTopicOperator(Operator):
    name = "topic-operator"
    kind = TOPIC
    also = (TOPIC,)

    def watch(self) -> None:
        # by uid: what Kafka would know of the topic
        self._topics: dict[str, tuple[str, int]] = {}
        super().watch()

    def reconcile(self, key: Key) -> float | None:
        topic = self.found(TOPIC, key)
        if topic is None or topic["metadata"].get("deletionTimestamp") or not _is_ours(topic):
            return None
        reason, message = self._refusal(topic)
        if not reason:
            uid, spec = topic["metadata"]["uid"], topic["spec"]
            before = self._topics.get(uid, (_topic_name(topic), 1))
            self._topics[uid] = before[0], spec.get("partitions") or before[1]
        status = {
            "conditions": _conditions(topic, "Ready", "False" if reason else "True", reason, message),
            "observedGeneration": topic["metadata"].get("generation", 1),
            "topicName": self._topics.get(topic["metadata"]["uid"], (_topic_name(topic), 1))[0],
            "topicId": base64.urlsafe_b64encode(topic["metadata"]["uid"].encode()[:16]).decode().rstrip("="),
        }
        if status != topic.get("status"):
            self.client.update_status(TOPIC, {**topic, "status": status})
        return None

    def concerned(self, event: Event) -> list[Key]:
        """When a topic goes, another of its name may take its place."""
        if event.type != "DELETED":
            return []
        self._topics.pop(event.object["metadata"]["uid"], None)
        name = _topic_name(event.object)
        return [key_of(topic) for topic in self.all(TOPIC) if _topic_name(topic) == name]

    def _refusal(self, topic: Object) -> tuple[str, str]:
        """(reason, message) in the operator's words; two empty ones when nothing is wrong."""
        name, partitions = self._topics.get(topic["metadata"]["uid"], (_topic_name(topic), 0))
        first = min(
            (each for each in self.all(TOPIC) if _is_ours(each) and _topic_name(each) == name),
            key=self._seniority,
            default=topic,
        )
        if first["metadata"]["uid"] != topic["metadata"]["uid"]:
            where = f"namespace='{first['metadata']['namespace']}', name='{first['metadata']['name']}'"
            return "ResourceConflict", f"Managed by Ref{{{where}}}"
        if name != _topic_name(topic):
            return "NotSupported", "Changing spec.topicName is not supported"
        if (topic["spec"].get("partitions") or partitions) < partitions:
            return "NotSupported", "Decreasing partitions not supported"
        return "", ""

    def _seniority(self, topic: Object) -> tuple[bool, str, str]:
        """Who manages a topic keeps it; else the oldest does."""
        metadata = topic["metadata"]
        return metadata["uid"] not in self._topics, metadata["creationTimestamp"], metadata["uid"]


class KafkaUserOperator(Operator):
    name = "user-operator"
    kind = USER
    also = ("Secret",)

    def concerned(self, event: Event) -> list[Key]:
        """The users whose password a Secret holds, or whose Secret it is."""
        namespace, name = key_of(event.object)
        return [
            key_of(user)
            for user in self.all(USER)
            if user["metadata"]["namespace"] == namespace
            and name in (user["metadata"]["name"], _wanted_secret(user).get("name"))
        ]

    def reconcile(self, key: Key) -> float | None:
        user = self.found(USER, key)
        if user is None or user["metadata"].get("deletionTimestamp") or not _is_ours(user):
            return None
        try:
            secret = self._with_secret(user)
        except _Refused as refused:
            entries = _conditions(user, "NotReady", "True", "InvalidResourceException", str(refused))
            status: Object = {"conditions": entries}
        else:
            status = {"conditions": _conditions(user, "Ready", "True"), "secret": secret}
        status["observedGeneration"] = user["metadata"].get("generation", 1)
        status["username"] = key[1]
        status = {name: value for name, value in status.items() if value}
        if status != user.get("status"):
            self.client.update_status(USER, {**user, "status": status})
        return None

    def _with_secret(self, user: Object) -> str:
        """The name of the user's Secret, written when it is not as it should be; "" for users without one."""
        if dig(user, "spec", "authentication", "type") != "scram-sha-512":
            return ""
        metadata = user["metadata"]
        name, namespace = metadata["name"], metadata["namespace"]
        before = self.client.get("Secret", namespace, name)
        password = self._password(user, before)
        jaas = JAAS.format(name=name, password=password)
        data = {"password": _encoded(password), "sasl.jaas.config": _encoded(jaas)}
        if before is not None:
            if before.get("data") != data:
                self.client.update("Secret", {**before, "data": data})
            return str(name)
        reference = {**owners.reference_to(user), "controller": False}
        template = dig(user, "spec", "template", "secret", "metadata") or {}
        labels = {**(template.get("labels") or {}), CLUSTER: KAFKA, "strimzi.io/kind": "KafkaUser"}
        made = {"name": name, "namespace": namespace, "labels": labels, "ownerReferences": [reference]}
        if template.get("annotations"):
            made["annotations"] = template["annotations"]
        self.client.create(
            "Secret",
            {"apiVersion": "v1", "kind": "Secret", "metadata": made, "type": "Opaque", "data": data},
        )
        return str(name)

    def _password(self, user: Object, before: Object | None) -> str:
        wanted = _wanted_secret(user)
        if not wanted:
            kept = dig(before, "data", "password")
            return base64.b64decode(kept).decode() if kept else _made_up()
        source = self.client.get("Secret", user["metadata"]["namespace"], wanted.get("name", ""))
        if source is None:
            raise _Refused(f"Secret {wanted.get('name')} with requested user password does not exist.")
        value = (source.get("data") or {}).get(wanted.get("key"))
        if not value:
            raise _Refused(
                f"Secret {wanted.get('name')} does not contain the key {wanted.get('key')} with requested "
                "user password."
            )
        return base64.b64decode(value).decode()


class _Refused(Exception):
    """The operator cannot do what the user asks for."""


def _is_ours(obj: Object) -> bool:
    return bool((obj["metadata"].get("labels") or {}).get(CLUSTER) == KAFKA)


def _topic_name(topic: Object) -> str:
    return str(topic["spec"].get("topicName") or topic["metadata"]["name"])


def _wanted_secret(user: Object) -> dict[str, str]:
    return dig(user, "spec", "authentication", "password", "valueFrom", "secretKeyRef") or {}


def _conditions(obj: Object, kind: str, status: str, reason: str = "", message: str = "") -> list[Object]:
    """One condition alone, as Strimzi writes them; without a reason where all is well."""
    before = [
        {"reason": "", **each} for each in dig(obj, "status", "conditions") or [] if each["type"] == kind
    ]
    (entry,) = conditions.put(before, kind, status, reason, message)
    return [{name: value for name, value in entry.items() if value}]


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _made_up() -> str:
    letters = string.ascii_letters + string.digits
    return "".join(secrets.choice(letters) for _ in range(PASSWORD_LENGTH))
