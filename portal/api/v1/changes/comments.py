"""What people say beside a change."""

from __future__ import annotations

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from portal.api.v1.changes import examples
from portal.api.v1.changes.gate_serializers import CommentRequest, CommentSerializer
from portal.api.v1.viewsets import ApiViewSet, actor_of
from portal.lifecycle.models import ChangeComment, ChangeRequest
from portal.lifecycle.services import comments

CHANGE = OpenApiParameter(
    "change_id",
    {"type": "integer", "minimum": 1, "maximum": 10**18 - 1},
    OpenApiParameter.PATH,
    description="The change's id.",
)


class CommentViewSet(mixins.ListModelMixin, ApiViewSet):
    """Remarks, and wishes for another release. Oldest first."""

    queryset = ChangeComment.objects.none()
    serializer_class = CommentSerializer
    lookup_value_regex = "[0-9]{1,18}"

    def get_queryset(self) -> QuerySet[ChangeComment]:
        rows = ChangeComment.objects.filter(change=self.kwargs["change_id"])
        return rows.select_related("author", "change").defer("change__verdicts").order_by("id")

    def _change(self, request: Request) -> ChangeRequest:
        visible = ChangeRequest.objects.visible_to(actor_of(request)).for_lists()
        return get_object_or_404(visible, pk=self.kwargs["change_id"])

    @extend_schema(parameters=[CHANGE])
    def list(self, request: Request, change_id: str) -> Response:
        """All that was said of it, and of which release."""
        self._change(request)
        return super().list(request, change_id)

    @extend_schema(
        parameters=[CHANGE],
        request=CommentRequest,
        responses={201: CommentSerializer},
        examples=examples.COMMENTS,
    )
    def create(self, request: Request, change_id: str) -> Response:
        """Say something, or ask for a change of it.

        While a wish for a change stands, nobody else can approve.
        """
        change, data = self._change(request), self.read(CommentRequest, request)
        said = {"actor": actor_of(request), "text": data["text"]}
        if data["asks_change"]:
            comment = comments.ask_for_change(change, digest=data["digest"], **said)
        else:
            comment = comments.say(change, **said)
        return Response(CommentSerializer(comment).data, status=status.HTTP_201_CREATED)

    @extend_schema(parameters=[CHANGE], request=None, responses=CommentSerializer)
    @action(detail=True, methods=["post"])
    def settle(self, request: Request, change_id: str, pk: str) -> Response:
        """Take your wish for a change back."""
        self._change(request)
        comment = comments.settle(self.get_object(), actor=actor_of(request))
        return Response(CommentSerializer(comment).data)
