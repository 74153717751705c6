"""Numbers from a Prometheus in a cluster (HTTP API, `/api/v1/query`), through the API server's proxy."""

from __future__ import annotations

import json
import math
from typing import Any

from portal.clusters.errors import MetricUnknown
from portal.clusters.proxy import ServiceProxy
from portal.clusters.types import ServicePort

PATH = "/api/v1/query"
MOST_SAMPLES = 1000


def query(proxy: ServiceProxy, service: ServicePort, promql: str, *, seconds: float) -> list[float]:
    """The values of an instant query, one a series; never empty, all of them numbers.

    Raises MetricUnknown for a query that Prometheus refuses, for no data, and for values that are not numbers
    (0/0); and what `ServiceProxy.get` raises.
    """
    answer = proxy.get(service, PATH, query={"query": promql}, seconds=seconds)
    try:
        said = json.loads(answer.body)
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, dict) or said.get("status") not in ("success", "error"):
        raise MetricUnknown(f"{service} answers {answer.status} and is no Prometheus, or answers too much.")
    if said["status"] == "error":
        raise MetricUnknown(f"Prometheus refuses the query: {str(said.get('error'))[:300]}")
    values = _values(said.get("data"))
    if not values:
        raise MetricUnknown("Prometheus has no data for the query.")
    return values


def _values(data: Any) -> list[float]:
    kind, result = (data.get("resultType"), data.get("result")) if isinstance(data, dict) else (None, None)
    if kind not in ("vector", "scalar") or not isinstance(result, list) or len(result) > MOST_SAMPLES:
        raise MetricUnknown(f"The query must give numbers of now, not a {str(kind)[:20]}.")
    try:
        samples = [result] if kind == "scalar" else [each["value"] for each in result]
        values = [float(value) for _, value in samples]
    except (KeyError, TypeError, ValueError) as exc:
        raise MetricUnknown("Prometheus' answer cannot be read.") from exc
    if any(math.isnan(value) for value in values):
        raise MetricUnknown("The query gives NaN: there is nothing to divide by.")
    return values
