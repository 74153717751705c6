from __future__ import annotations

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import mixins, status
from rest_framework.request import Request
from rest_framework.response import Response

from portal.accounts.models import ApiToken
from portal.api.v1.tokens.serializers import CreatedToken, NewToken, TokenSerializer
from portal.api.v1.viewsets import ApiViewSet, actor_of
from portal.lifecycle.services import tokens

EXAMPLE = OpenApiExample(
    "For a pipeline", {"name": "shop pipeline", "expires_in_days": 30}, request_only=True
)


class TokenViewSet(mixins.ListModelMixin, ApiViewSet):
    """Your own API tokens."""

    queryset = ApiToken.objects.none()
    serializer_class = TokenSerializer
    lookup_field = "token_key"
    lookup_value_regex = "[0-9A-Za-z_]{1,25}"

    def get_queryset(self) -> QuerySet[ApiToken]:
        rows: QuerySet[ApiToken] = ApiToken.objects.filter(user=actor_of(self.request)).order_by(
            "-created", "token_key"
        )
        return rows

    @extend_schema(request=NewToken, responses={201: CreatedToken}, examples=[EXAMPLE])
    def create(self, request: Request) -> Response:
        """Make a token. Its text is in this answer and nowhere else."""
        data = self.read(NewToken, request)
        token, text = tokens.create(
            actor=actor_of(request), name=data["name"], days=data.get("expires_in_days")
        )
        token.token = text
        response = Response(CreatedToken(token).data, status=status.HTTP_201_CREATED)
        response["Cache-Control"] = "no-store"
        return response

    def destroy(self, request: Request, token_key: str) -> Response:
        """Revoke a token."""
        tokens.revoke(token_key, actor=actor_of(request))
        return Response(status=status.HTTP_204_NO_CONTENT)
