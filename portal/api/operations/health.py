"""Liveness and readiness."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from health_check.base import HealthCheck
from health_check.exceptions import ServiceUnavailable
from health_check.views import HealthCheckView

from portal.celery import app

BROKER_SECONDS = 2


@dataclass
class Broker(HealthCheck):  # type: ignore[misc]
    """Whether the broker takes a connection."""

    def run(self) -> None:
        try:
            with app.connection_for_write(connect_timeout=BROKER_SECONDS) as connection:
                connection.ensure_connection(max_retries=1, timeout=BROKER_SECONDS)
        except Exception as exc:  # each transport has its own
            raise ServiceUnavailable("The broker does not answer.") from exc


@never_cache
def live(request: HttpRequest) -> JsonResponse:
    """This process answers."""
    return JsonResponse({"status": "ok"})


class Ready(HealthCheckView):  # type: ignore[misc]
    """Whether requests can be served: 200, or 503 with what is missing. Names no address and no version."""

    checks = ("health_check.checks.Database", Broker)

    async def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> JsonResponse:
        results = [await check.get_result() for check in self.get_checks()]
        checks = {
            type(result.check).__name__.lower(): "unavailable" if result.error else "ok" for result in results
        }
        failed = "unavailable" in checks.values()
        return JsonResponse(
            {"status": "unavailable" if failed else "ok", "checks": checks},
            status=HTTPStatus.SERVICE_UNAVAILABLE if failed else HTTPStatus.OK,
        )
