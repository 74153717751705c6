from __future__ import annotations

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import mixins
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from portal.api.v1.notifications import examples
from portal.api.v1.notifications.filters import NotificationFilters
from portal.api.v1.notifications.serializers import (
    MarkedSerializer,
    NotificationSerializer,
    PreferenceSerializer,
    ReadAllSerializer,
)
from portal.api.v1.pagination import Stream
from portal.api.v1.viewsets import ApiViewSet, actor_of
from portal.audit import inbox
from portal.audit.models import Notification


class NewestFirst(Stream):
    ordering = ("-created_at", "-id")


class NotificationViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, ApiViewSet):
    """What the portal tells you. Each thing once; nobody else's are seen."""

    queryset = Notification.objects.none()
    serializer_class = NotificationSerializer
    filterset_class = NotificationFilters
    pagination_class = NewestFirst
    lookup_value_regex = "[0-9a-fA-F-]{36}"

    def get_queryset(self) -> QuerySet[Notification]:
        return Notification.objects.visible_to(actor_of(self.request))

    @extend_schema(request=None, responses=NotificationSerializer)
    @action(detail=True, methods=["post"], url_path="read")
    def mark_read(self, request: Request, pk: str) -> Response:
        """Mark it as read; again is harmless."""
        notification = self.get_object()
        inbox.read(notification)
        notification.refresh_from_db()
        return Response(self.get_serializer(notification).data)

    @extend_schema(request=ReadAllSerializer, responses=MarkedSerializer, examples=examples.READ_ALL)
    @action(detail=False, methods=["post"], url_path="read-all", pagination_class=None, filterset_class=None)
    def read_all(self, request: Request) -> Response:
        """Mark all as read that were there; what has come since stays unread."""
        wanted = self.read(ReadAllSerializer, request)
        return Response({"marked": inbox.read_all(actor_of(request), **wanted)})


class PreferenceViewSet(ApiViewSet):
    """What comes to you by e-mail."""

    queryset = Notification.objects.none()
    serializer_class = PreferenceSerializer
    pagination_class = None

    @extend_schema(responses=PreferenceSerializer, operation_id="me_notification_preference_retrieve")
    def retrieve(self, request: Request) -> Response:
        """Nothing, what is urgent, or everything."""
        return Response({"email": inbox.preference_of(actor_of(request)).email})

    @extend_schema(responses=PreferenceSerializer, examples=examples.PREFERENCES)
    def update(self, request: Request) -> Response:
        """Choose what comes by e-mail: `none`, `urgent` or `all`."""
        wanted = self.read(PreferenceSerializer, request)
        return Response({"email": inbox.prefer(actor_of(request), **wanted).email})
