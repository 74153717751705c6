"""Any other path below /api/."""

from __future__ import annotations

from typing import NoReturn

from drf_spectacular.utils import extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.views import APIView

from portal.core.errors import NotFound


@extend_schema(exclude=True)
class UnknownPath(APIView):
    """Says that there is nothing, as a problem and not as a page."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    def initial(self, request: Request, *args: object, **kwargs: object) -> NoReturn:
        hint = "" if request.path.endswith("/") else " Paths end with a slash."
        raise NotFound(f"There is nothing at {request.path[:200]}.{hint} See /api/docs/.")
