"""Sources of charts, and the versions that were found in them."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from portal.api.v1.serializers import Strict
from services_catalog.models import ChartSource, SourceKind, SourceVersion

KINDS = [(each.value, each.label) for each in SourceKind if each != SourceKind.TREE]


class ChartSourceChange(Strict):
    """What is left out stays. The secret is written and never read back; an empty one takes it away."""

    name = serializers.CharField(required=False, max_length=80)
    url = serializers.CharField(required=False, max_length=500, help_text="https://…, of a registry oci://…")
    charts = serializers.ListField(
        child=serializers.CharField(max_length=200),
        required=False,
        max_length=500,
        help_text="helm: names or patterns, none for all; oci: repositories; git: folders.",
    )
    branch = serializers.CharField(required=False, allow_blank=True, max_length=200, help_text="git.")
    newest = serializers.IntegerField(
        required=False, min_value=1, max_value=100, help_text="How many versions of each chart are taken."
    )
    prereleases = serializers.BooleanField(required=False)
    interval_seconds = serializers.IntegerField(required=False, min_value=60, max_value=30 * 24 * 3600)
    enabled = serializers.BooleanField(required=False)
    username = serializers.CharField(required=False, allow_blank=True, max_length=200)
    secret = serializers.CharField(
        required=False, allow_blank=True, max_length=8000, trim_whitespace=False, write_only=True
    )
    keyring = serializers.CharField(
        required=False, allow_blank=True, max_length=200_000, help_text="Public OpenPGP keys, armoured."
    )
    requires_provenance = serializers.BooleanField(
        required=False, help_text="Take only what a key of the keyring has signed."
    )


class ChartSourceRequest(ChartSourceChange):
    slug = serializers.SlugField(max_length=60)
    kind = serializers.ChoiceField(choices=KINDS)
    name = serializers.CharField(max_length=80)
    url = serializers.CharField(max_length=500, help_text="https://…, of a registry oci://…")


class ChartSourceSerializer(serializers.ModelSerializer[ChartSource]):
    """`outcome_detail` counts what the last reading found. A secret is not told, only that there is one."""

    has_secret = serializers.SerializerMethodField()
    syncing = serializers.BooleanField(source="is_syncing", read_only=True)
    outcome_detail = serializers.DictField(read_only=True)
    charts = serializers.ListField(child=serializers.CharField(), read_only=True)

    class Meta:
        model = ChartSource
        fields = (
            "slug",
            "name",
            "kind",
            "url",
            "charts",
            "branch",
            "newest",
            "prereleases",
            "interval_seconds",
            "enabled",
            "username",
            "has_secret",
            "requires_provenance",
            "syncing",
            "synced_at",
            "due_at",
            "outcome",
            "outcome_detail",
        )
        read_only_fields = fields

    def get_has_secret(self, source: ChartSource) -> bool:
        return bool(source.secret)


class SourceVersionRow(serializers.ModelSerializer[SourceVersion]):
    """One version of one chart. A refused one says why; a gone one is kept with its chart."""

    source: Any = serializers.SlugField(source="source.slug", read_only=True)
    digest = serializers.CharField(
        source="archive_id", read_only=True, allow_null=True, help_text="Of the chart's files."
    )
    offering = serializers.SlugField(
        source="offering_version.offering.slug", read_only=True, default=None, allow_null=True
    )
    status = serializers.CharField(
        source="offering_version.status",
        read_only=True,
        default=None,
        allow_null=True,
        help_text="Of the offering's version that was made of it.",
    )

    class Meta:
        model = SourceVersion
        fields: tuple[str, ...] = (
            "id",
            "source",
            "chart",
            "version",
            "app_version",
            "description",
            "state",
            "refusal_code",
            "refusal",
            "provenance",
            "signer",
            "digest",
            "seen_at",
            "gone_at",
            "offering",
            "status",
        )
        read_only_fields = fields


class SourceVersionDetail(SourceVersionRow):
    """`report` is what the examination found; docs/sources.md says what each part means."""

    report = serializers.DictField(read_only=True)

    class Meta(SourceVersionRow.Meta):
        fields = (*SourceVersionRow.Meta.fields, "report")
        read_only_fields = fields


class DeclarationSerializer(Strict):
    """A file of the library with one version; its chart, version and status are the portal's to say."""

    declaration: Any = serializers.DictField()


class RetireRequest(Strict):
    comment = serializers.CharField(required=False, allow_blank=True, max_length=2000)
