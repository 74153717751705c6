from __future__ import annotations

from django.db.models import Prefetch, QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import mixins
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from portal.accounts.models import Membership, Team
from portal.accounts.permissions import scoped
from portal.api.v1.teams.serializers import MemberRequest, MemberSerializer, TeamDetail, TeamRow
from portal.api.v1.viewsets import ApiViewSet, actor_of
from portal.lifecycle.services import people

MEMBERS = Prefetch("memberships", Membership.objects.select_related("user").order_by("user__username"))

USERNAME = OpenApiParameter("username", str, OpenApiParameter.PATH, description="The member's user name.")
ON_CALL = [OpenApiExample("Go on call", {"on_call": True}, request_only=True)]


class TeamViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, ApiViewSet):
    """Your teams; all of them for those with a platform-wide role."""

    queryset = Team.objects.none()
    serializers = {"list": TeamRow, "retrieve": TeamDetail}
    lookup_field = "slug"
    lookup_value_regex = "[-a-zA-Z0-9_]{1,30}"

    def get_queryset(self) -> QuerySet[Team]:
        rows = scoped(Team.objects.order_by("slug"), actor_of(self.request), "id")
        return rows.prefetch_related(MEMBERS) if self.action == "retrieve" else rows

    @extend_schema(parameters=[USERNAME], request=MemberRequest, responses=MemberSerializer, examples=ON_CALL)
    @action(detail=True, methods=["patch"], url_path=r"members/(?P<username>[\w.@+-]{1,150})")
    def member(self, request: Request, slug: str, username: str) -> Response:
        """Put a maintainer on call, or off. A maintainer of the team, or an operator."""
        rows = Membership.objects.select_related("team", "user").filter(team=self.get_object())
        membership = get_object_or_404(rows, user__username=username)
        data = self.read(MemberRequest, request)
        people.set_on_call(membership, data["on_call"], actor=actor_of(request))
        return Response(MemberSerializer(membership).data)
