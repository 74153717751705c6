from __future__ import annotations

from django.db.models import Prefetch, QuerySet
from rest_framework import mixins

from portal.accounts.models import Membership, Team
from portal.accounts.permissions import scoped
from portal.api.v1.teams.serializers import TeamDetail, TeamRow
from portal.api.v1.viewsets import ApiViewSet, actor_of

MEMBERS = Prefetch("memberships", Membership.objects.select_related("user").order_by("user__username"))


class TeamViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, ApiViewSet):
    """Your teams; all of them for those with a platform-wide role."""

    queryset = Team.objects.none()
    serializers = {"list": TeamRow, "retrieve": TeamDetail}
    lookup_field = "slug"
    lookup_value_regex = "[-a-zA-Z0-9_]{1,30}"

    def get_queryset(self) -> QuerySet[Team]:
        rows = scoped(Team.objects.order_by("slug"), actor_of(self.request), "id")
        return rows.prefetch_related(MEMBERS) if self.action == "retrieve" else rows
