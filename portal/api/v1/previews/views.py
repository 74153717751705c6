from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from portal.api.v1.changes import examples
from portal.api.v1.changes.serializers import WishSerializer
from portal.api.v1.previews.serializers import DraftSerializer
from portal.api.v1.viewsets import ApiViewSet, actor_of
from portal.lifecycle.models import ChangeRequest
from portal.lifecycle.services import previews, wishes


class PreviewViewSet(ApiViewSet):
    """Looking before asking."""

    queryset = ChangeRequest.objects.none()
    serializer_class = DraftSerializer

    @extend_schema(request=WishSerializer, responses={200: DraftSerializer}, examples=examples.WISHES)
    def create(self, request: Request) -> Response:
        """Validate, render, judge, compare and count. Writes nothing; what is wrong is in the answer."""
        wish = wishes.resolve(actor_of(request), self.read(WishSerializer, request))
        return Response(DraftSerializer(previews.preview(wish)).data)
