"""What a decision rests on: read, and asked for anew."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from portal.api.v1.viewsets import ApiViewSet, actor_of
from portal.core import clock
from portal.lifecycle.models import ChangeRequest, Evidence
from portal.lifecycle.selectors import evidence as selector
from portal.lifecycle.services import evidence as service

KINDS = [*selector.KINDS, "soak"]
BULK = ("fields", "text")  # of an object that differs from what is live


class EvidenceSerializer(serializers.Serializer[Any]):
    """One thing that is known of a waiting change. `blocks` says why it keeps the gate shut, "" when it does
    not; where `refresh` is true, gathering it again may help."""

    kind = serializers.ChoiceField(choices=KINDS)
    label: Any = serializers.CharField()
    status = serializers.ChoiceField(choices=Evidence.Status.choices)
    summary = serializers.CharField(allow_blank=True)
    source: Any = serializers.CharField(allow_blank=True)
    observed_at = serializers.DateTimeField(allow_null=True)
    stale = serializers.BooleanField(help_text="Too old, of another release, or from a wrong clock.")
    required: Any = serializers.BooleanField(help_text="By the gate of the environment.")
    blocks = serializers.CharField(allow_blank=True)
    refresh = serializers.BooleanField()
    detail = serializers.DictField(help_text="What the line rests on; secrets are fingerprints.")


class EvidenceActions(ApiViewSet):
    """Mixed into the changes."""

    @extend_schema(responses=EvidenceSerializer(many=True))
    @action(detail=True, pagination_class=None, filterset_class=None)
    def evidence(self, request: Request, pk: str) -> Response:
        """What its gate looks at: policies, findings, health, drift, difference to what is live, rollback
        target, quota. Ask again while a worker gathers it."""
        return Response(EvidenceSerializer(_lines(self.get_object()), many=True).data)

    @extend_schema(request=None, responses={202: EvidenceSerializer(many=True)})
    @action(detail=True, methods=["post"], url_path="evidence/refresh")
    def refresh_evidence(self, request: Request, pk: str) -> Response:
        """Have all of it gathered again. Of its team, or an operator."""
        change = self.get_object()
        service.refresh(change, actor=actor_of(request))
        return Response(EvidenceSerializer(_lines(change), many=True).data, status=status.HTTP_202_ACCEPTED)


def _lines(change: ChangeRequest) -> Iterator[dict[str, Any]]:
    rows = {row.kind: row for row in change.evidence.all()}
    waits = change.is_awaiting_approval
    lacking = {each.kind: each for each in (selector.lacking(change) if waits else ())}
    required = {*change.environment.required_evidence, *(["soak"] if "soak" in lacking else [])}
    now = clock.now()
    for kind in KINDS:
        row, missing = rows.get(kind), lacking.get(kind)
        if row is None and missing is None:
            continue
        yield {
            "kind": kind,
            "label": selector.KINDS.get(kind, "Soak"),
            "status": row.status if row else Evidence.Status.UNKNOWN,
            "summary": row.summary if row else missing.why if missing else "",
            "source": row.source if row else "",
            "observed_at": row.observed_at if row else None,
            "stale": row is not None and waits and selector.is_stale(row, change, now),
            "required": kind in required,
            "blocks": missing.why if missing else "",
            "refresh": bool(missing and missing.refresh),
            "detail": _without_bulk(row.detail) if row else {},
        }


def _without_bulk(detail: Mapping[str, Any]) -> dict[str, Any]:
    """What differs in which object is for `diff` and the page; which objects do, for everybody."""
    objects = detail.get("objects") or []
    if not any("text" in each for each in objects):
        return dict(detail)
    slim = [{name: value for name, value in each.items() if name not in BULK} for each in objects]
    return {**detail, "objects": slim}
