"""Teams' quota pools and raises of them."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from portal.api.v1.serializers import Strict
from portal.lifecycle.models import QuotaPool, QuotaRaise
from portal.lifecycle.operations import pool_room, quota
from portal.lifecycle.selectors import pools
from portal.lifecycle.services.pools import raising


class SimulationRequest(Strict):
    """`limits` by resource, as Kubernetes quantities; what is not named stays as it is."""

    team = serializers.SlugField(max_length=30)
    environment = serializers.SlugField(max_length=20)
    limits = serializers.DictField(
        child=serializers.CharField(max_length=30),
        help_text=f"Of {', '.join(pool_room.RESOURCES)}.",
    )


class LimitsRequest(SimulationRequest):
    reason = serializers.CharField(max_length=4000)


class RaiseComment(Strict):
    """The comment is required where something is refused."""

    comment = serializers.CharField(required=False, allow_blank=True, max_length=2000, default="")


class OutlookSerializer(serializers.Serializer[Any]):
    """One resource; "" where nothing is limited. `others`: limits of all other pools on the same cluster."""

    resource = serializers.CharField()
    before = serializers.CharField()
    after = serializers.CharField()
    claimed = serializers.CharField()
    used = serializers.CharField()
    left = serializers.CharField()
    others = serializers.CharField()
    together = serializers.CharField()


class SimulationSerializer(serializers.Serializer[Any]):
    lines = OutlookSerializer(many=True)
    teams = serializers.ListField(
        child=serializers.CharField(), help_text="Others with limits on the same cluster."
    )


class StandingSerializer(serializers.Serializer[Any]):
    resource = serializers.CharField()
    limit = serializers.CharField()
    claimed = serializers.CharField(help_text="By the hard limits of the team's namespaces.")
    left = serializers.CharField()


class PoolRow(serializers.ModelSerializer[QuotaPool]):
    """What `limits` does not name is not limited."""

    team = serializers.SlugField(source="team.slug", read_only=True)
    environment = serializers.SlugField(source="environment.slug", read_only=True)
    limits: Any = serializers.DictField(child=serializers.CharField(), read_only=True)
    resources = serializers.SerializerMethodField()

    class Meta:
        model = QuotaPool
        fields: tuple[str, ...] = ("id", "team", "environment", "limits", "resources")
        read_only_fields = fields

    @extend_schema_field(StandingSerializer(many=True))
    def get_resources(self, pool: QuotaPool) -> list[dict[str, str]]:
        lines = pool_room.standing(pool, self.context["claims"].get(pool.pk, []))
        return [dict(StandingSerializer(line).data) for line in lines]


class ClaimSerializer(serializers.Serializer[Any]):
    instance = serializers.IntegerField(help_text="The namespace's instance.")
    name = serializers.CharField()
    application = serializers.CharField()
    amounts = serializers.DictField(child=serializers.CharField())


class PoolDetail(PoolRow):
    """`used`: what services inside count against their namespaces, as sealed."""

    claims = serializers.SerializerMethodField()
    used = serializers.SerializerMethodField()

    class Meta(PoolRow.Meta):
        fields = (*PoolRow.Meta.fields, "claims", "used")
        read_only_fields = fields

    @extend_schema_field(ClaimSerializer(many=True))
    def get_claims(self, pool: QuotaPool) -> list[dict[str, Any]]:
        return [
            {
                "instance": claim.instance,
                "name": claim.name,
                "application": claim.application,
                "amounts": {
                    name: quota.show(amount, name) for name, amount in pool_room.in_order(claim.amounts)
                },
            }
            for claim in self.context["claims"].get(pool.pk, [])
        ]

    def get_used(self, pool: QuotaPool) -> dict[str, str]:
        used = quota.total(quota.from_json(each) for each in pools.usages(pool.team, pool.environment))
        return {resource: quota.show(amount, resource) for resource, amount in used.items()}


class RaiseSerializer(serializers.ModelSerializer[QuotaRaise]):
    """`why_may_not_decide`: null when you may."""

    pool: Any = serializers.IntegerField(source="pool_id", read_only=True)
    team = serializers.SlugField(source="pool.team.slug", read_only=True)
    environment = serializers.SlugField(source="pool.environment.slug", read_only=True)
    before: Any = serializers.DictField(child=serializers.CharField(), read_only=True)
    limits: Any = serializers.DictField(child=serializers.CharField(), read_only=True)
    requested_by = serializers.CharField(source="requested_by.username", read_only=True)
    decided_by = serializers.CharField(
        source="decided_by.username", read_only=True, allow_null=True, default=None
    )
    withdrawn_by = serializers.CharField(
        source="withdrawn_by.username", read_only=True, allow_null=True, default=None
    )
    why_may_not_decide = serializers.SerializerMethodField()

    class Meta:
        model = QuotaRaise
        fields = (
            "id",
            "pool",
            "team",
            "environment",
            "before",
            "limits",
            "reason",
            "state",
            "requested_by",
            "requested_at",
            "decided_by",
            "decided_at",
            "comment",
            "withdrawn_by",
            "why_may_not_decide",
        )
        read_only_fields = fields

    def get_why_may_not_decide(self, asked: QuotaRaise) -> str | None:
        return raising.why_may_not_decide(asked, self.context["request"].user)
