"""The catalog."""

from __future__ import annotations

from typing import Any, get_args

from rest_framework import serializers

from services_catalog import reproducibility
from services_catalog.models import Offering, OfferingVersion, Plan


class OfferingRow(serializers.ModelSerializer[Offering]):
    class Meta:
        model = Offering
        fields: tuple[str, ...] = (
            "slug",
            "name",
            "summary",
            "category",
            "tags",
            "icon",
            "owner",
            "lifecycle",
            "role",
            "cluster_scoped",
            "deprecated_at",
            "retires_on",
            "deprecation_message",
            "environments",
            "teams",
        )
        read_only_fields = fields


class OfferingDetail(OfferingRow):
    """`provides` says what one gets: endpoints and the names of connection secrets."""

    class Meta(OfferingRow.Meta):
        fields = (*OfferingRow.Meta.fields, "description", "when_not_to_use", "provides")
        read_only_fields = fields


class PlanSerializer(serializers.ModelSerializer[Plan]):
    offering = serializers.SlugField(source="offering_version.offering.slug", read_only=True)
    version = serializers.CharField(source="offering_version.version", read_only=True)

    class Meta:
        model = Plan
        fields: tuple[str, ...] = (
            "id",
            "offering",
            "version",
            "slug",
            "name",
            "description",
            "values",
            "price_cents_per_month",
            "is_default",
        )
        read_only_fields = fields


class VersionRow(serializers.ModelSerializer[OfferingVersion]):
    offering = serializers.SlugField(source="offering.slug", read_only=True)
    digest = serializers.CharField(source="chart_id", read_only=True, help_text="Of the chart's files.")

    class Meta:
        model = OfferingVersion
        fields: tuple[str, ...] = (
            "offering",
            "version",
            "status",
            "digest",
            "ready_timeout_seconds",
            "notes",
            "created_at",
            "deprecated_at",
            "retires_on",
            "deprecation_message",
        )
        read_only_fields = fields


class SourceSerializer(serializers.Serializer[Any]):
    """A template's line that can make two renderings differ. `values` (JSON pointers) stand beside it."""

    function = serializers.CharField()
    kind = serializers.ChoiceField(choices=get_args(reproducibility.Kind))
    file = serializers.CharField()
    line = serializers.IntegerField()
    values: Any = serializers.ListField(child=serializers.CharField())


class PlaceSerializer(serializers.Serializer[Any]):
    """What differed, and with which values: "defaults" or "plan small"."""

    values: Any = serializers.CharField()
    object = serializers.CharField()
    path = serializers.CharField(allow_blank=True)


class ReproducibilitySerializer(serializers.Serializer[Any]):
    """Whether it renders the same each time. Empty until it was examined. `varies` is never on offer."""

    status = serializers.ChoiceField(choices=[str(each) for each in reproducibility.Status], required=False)
    reason = serializers.CharField(required=False, allow_blank=True)
    sources = SourceSerializer(many=True, required=False)
    places = PlaceSerializer(many=True, required=False)


class VersionDetail(VersionRow):
    """With the JSON Schema that values are checked against. `short_form` names the fields to ask first,
    `overlays` the values that may differ from stage to stage when a release is promoted."""

    plans = PlanSerializer(many=True, read_only=True)
    values_schema = serializers.DictField(read_only=True)
    default_values = serializers.DictField(read_only=True)
    locked_values = serializers.DictField(read_only=True)
    short_form: Any = serializers.ListField(child=serializers.CharField(), read_only=True)
    overlays: Any = serializers.ListField(child=serializers.CharField(), read_only=True)
    reproducibility = ReproducibilitySerializer(read_only=True)

    class Meta(VersionRow.Meta):
        fields = (
            *VersionRow.Meta.fields,
            "readme",
            "values_schema",
            "default_values",
            "locked_values",
            "short_form",
            "overlays",
            "reproducibility",
            "plans",
        )
        read_only_fields = fields
