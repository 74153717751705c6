"""What the cluster has of an instance at this moment."""

from __future__ import annotations

from typing import Any, get_args

from rest_framework import serializers

from portal.api.v1.serializers import ObjectKeySerializer
from portal.clusters.containers import ContainerState
from portal.lifecycle.operations import pod_logs
from portal.lifecycle.operations.topology.graph import NodeState, Relation

NODE_STATES, RELATIONS, CONTAINER_STATES = (get_args(each) for each in (NodeState, Relation, ContainerState))


class NodeSerializer(serializers.Serializer[Any]):
    """One object: of the release (`sealed`), or made by a controller."""

    object = ObjectKeySerializer(source="key")
    state = serializers.ChoiceField(choices=NODE_STATES)
    message = serializers.CharField(allow_blank=True)
    reason = serializers.CharField(allow_blank=True, help_text="Kubernetes' one word for what is wrong.")
    sealed = serializers.BooleanField()
    created = serializers.DateTimeField(allow_null=True)
    left_off = serializers.IntegerField(help_text="Earlier ReplicaSets that are kept at zero.")


class EdgeSerializer(serializers.Serializer[Any]):
    """Read as a sentence: source, relation, target."""

    relation = serializers.ChoiceField(choices=RELATIONS)
    target = ObjectKeySerializer()

    def get_fields(self) -> dict[str, Any]:
        """`source` is also what a serializer calls its own."""
        return {"source": ObjectKeySerializer(), **super().get_fields()}


class TopologySerializer(serializers.Serializer[Any]):
    seen_at = serializers.DateTimeField()
    nodes = NodeSerializer(many=True)
    edges = EdgeSerializer(many=True)
    unread = serializers.ListField(
        child=serializers.CharField(), help_text="Kinds that could not be listed, or not to their end."
    )


class ExplanationSerializer(serializers.Serializer[Any]):
    """In plain words, and what to do."""

    what = serializers.CharField()
    remedy = serializers.CharField()


class EndingSerializer(serializers.Serializer[Any]):
    reason = serializers.CharField(allow_blank=True)
    exit_code = serializers.IntegerField()
    at = serializers.DateTimeField(allow_null=True)


class ContainerSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    image = serializers.CharField(allow_blank=True)
    state = serializers.ChoiceField(choices=CONTAINER_STATES)
    reason = serializers.CharField(allow_blank=True)
    message = serializers.CharField(allow_blank=True)
    ready = serializers.BooleanField()
    restarts = serializers.IntegerField()
    since = serializers.DateTimeField(allow_null=True)
    initial = serializers.BooleanField(source="is_initial")
    ending = EndingSerializer(allow_null=True, help_text="How it ended.")
    last = EndingSerializer(allow_null=True, help_text="How the run before this one ended.")


class PodDetailSerializer(serializers.Serializer[Any]):
    name = serializers.CharField(source="pod.name")
    state = serializers.ChoiceField(choices=NODE_STATES)
    phase = serializers.CharField(source="pod.phase")
    ready = serializers.CharField(source="pod.ready", help_text="Containers ready/containers.")
    restarts = serializers.IntegerField(source="pod.restarts")
    node = serializers.CharField(source="pod.node", allow_blank=True)
    created = serializers.DateTimeField(source="pod.created", allow_null=True)
    owner = serializers.CharField(allow_blank=True, help_text="What made it, such as ReplicaSet/shop-api-7d.")
    reason = serializers.CharField(allow_blank=True)
    message = serializers.CharField(allow_blank=True)
    explanation = ExplanationSerializer(allow_null=True)
    containers = ContainerSerializer(many=True)


class EventSerializer(serializers.Serializer[Any]):
    """The same thing said of the same object, however often."""

    object = ObjectKeySerializer(source="key")
    kind = serializers.CharField(help_text="Normal or Warning.")
    reason = serializers.CharField(allow_blank=True)
    message = serializers.CharField(allow_blank=True)
    count = serializers.IntegerField()
    first_seen = serializers.DateTimeField(allow_null=True)
    last_seen = serializers.DateTimeField(allow_null=True)
    explanation = ExplanationSerializer(allow_null=True)


class EventsSerializer(serializers.Serializer[Any]):
    """Warnings first, the newest first among them; Kubernetes forgets after an hour or so."""

    events = EventSerializer(many=True)
    cut = serializers.BooleanField(source="is_cut", help_text="Whether there are more.")
    unread = serializers.BooleanField(source="is_unread", help_text="Whether the portal may not list them.")


class PodLogLineSerializer(serializers.Serializer[Any]):
    time = serializers.DateTimeField(allow_null=True)
    text = serializers.CharField(allow_blank=True)


class PodLogSerializer(serializers.Serializer[Any]):
    """The last lines of one container, secrets masked, 256 KiB at most."""

    pod = serializers.CharField(source="detail.pod.name")
    container = serializers.CharField(source="container.name")
    previous = serializers.BooleanField(source="is_previous")
    cut = serializers.BooleanField(source="is_cut", help_text="Whether fewer lines than asked for fit.")
    ended = serializers.BooleanField(source="is_final", help_text="Whether nothing more will come.")
    lines = PodLogLineSerializer(many=True)


class PodLogQuery(serializers.Serializer[Any]):
    """What to read."""

    pod = serializers.CharField(max_length=253)
    container = serializers.CharField(max_length=63, required=False, default="")
    previous = serializers.BooleanField(
        required=False, default=False, help_text="Of the run before this one, after a restart."
    )
    lines = serializers.IntegerField(
        min_value=1, max_value=pod_logs.MOST_LINES, required=False, default=pod_logs.DEFAULT_LINES
    )


class ProvidedEndpoint(serializers.Serializer[Any]):
    name = serializers.CharField(allow_blank=True)
    address = serializers.CharField()
    description = serializers.CharField(allow_blank=True)


class SecretKeySerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    meaning = serializers.CharField(allow_blank=True)


class ProvidedSecret(serializers.Serializer[Any]):
    """Its shape, never its values."""

    name = serializers.CharField()
    type = serializers.CharField(allow_blank=True)
    description = serializers.CharField(allow_blank=True)
    for_users = serializers.BooleanField(
        source="is_for_users", help_text="Whether it is meant for those who use the instance."
    )
    keys = SecretKeySerializer(many=True)


class ConnectionsSerializer(serializers.Serializer[Any]):
    endpoints = ProvidedEndpoint(many=True)
    secrets = ProvidedSecret(many=True)
