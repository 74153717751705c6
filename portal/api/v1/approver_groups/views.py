"""Groups of approvers."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework import mixins, status
from rest_framework.request import Request
from rest_framework.response import Response

from portal.api.v1.approver_groups.examples import GROUPS, MEMBERS
from portal.api.v1.approver_groups.serializers import GroupChange, GroupRequest, GroupSerializer
from portal.api.v1.viewsets import ApiViewSet, actor_of
from portal.environments.groups import save_group
from portal.environments.models import ApproverGroup


class GroupViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, ApiViewSet):
    """Who among the operators decides at some gates."""

    queryset = ApproverGroup.objects.prefetch_related("members", "environments").order_by("slug")
    serializer_class = GroupSerializer
    lookup_field = "slug"
    lookup_value_regex = "[-a-zA-Z0-9_]{1,40}"

    @extend_schema(request=GroupRequest, responses={201: GroupSerializer}, examples=GROUPS)
    def create(self, request: Request) -> Response:
        """Create a group of approvers."""
        data = self.read(GroupRequest, request)
        group = save_group(actor=actor_of(request), new=True, **data)
        return Response(GroupSerializer(group).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=GroupChange, responses=GroupSerializer, examples=MEMBERS)
    def partial_update(self, request: Request, slug: str) -> Response:
        """Give it another name, or other members."""
        group = self.get_object()
        kept = {"name": group.name, "members": list(group.members.all())}
        data = kept | self.read(GroupChange, request)
        save_group(slug=group.slug, actor=actor_of(request), **data)
        return Response(GroupSerializer(self.get_object()).data)
