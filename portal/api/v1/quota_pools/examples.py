from __future__ import annotations

from drf_spectacular.utils import OpenApiExample

PLACE = {"team": "shop", "environment": "production"}
LIMITS = {"requests.cpu": "40", "requests.memory": "80Gi", "pods": "400"}
SIMULATIONS = [OpenApiExample("More of two", {**PLACE, "limits": LIMITS}, request_only=True)]
POOLS = [
    OpenApiExample(
        "Limit a team",
        {**PLACE, "limits": LIMITS, "reason": "As agreed for this year."},
        request_only=True,
    )
]
RAISES = [
    OpenApiExample(
        "Ask for more",
        {**PLACE, "limits": {"requests.cpu": "60"}, "reason": "The sale begins on Friday."},
        request_only=True,
    )
]
COMMENTS = [OpenApiExample("With a word", {"comment": "The node pool was enlarged."}, request_only=True)]
