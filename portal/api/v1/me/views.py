from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from portal.accounts.models import User
from portal.api.v1.me.serializers import MeSerializer
from portal.api.v1.viewsets import ApiViewSet, actor_of
from portal.lifecycle.selectors.changes import awaiting_decision_by


class MeViewSet(ApiViewSet):
    """You."""

    queryset = User.objects.none()
    serializer_class = MeSerializer
    pagination_class = None

    @extend_schema(responses=MeSerializer, operation_id="me_retrieve")
    def retrieve(self, request: Request) -> Response:
        """Who you are, your teams and roles."""
        user = actor_of(request)
        memberships = user.memberships.select_related("team").order_by("team__slug")
        return Response(
            {
                "username": user.username,
                "name": user.display_name,
                "is_service_account": user.is_service_account,
                "teams": [{"team": m.team.slug, "role": m.role} for m in memberships],
                "platform_roles": sorted(user.access.platform),
                "awaiting_decision": awaiting_decision_by(user).count(),
            }
        )
