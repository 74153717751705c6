from __future__ import annotations

from drf_spectacular.utils import OpenApiExample

CAMPAIGNS = [
    OpenApiExample(
        "Dev by itself, production with the team's consent",
        {
            "title": "Web services to 1.1",
            "reason": "1.0 retires at the end of the quarter.",
            "offering": "web-service",
            "version": "1.1.0",
            "environments": [
                {"environment": "dev", "mode": "automatic"},
                {"environment": "production", "mode": "consent"},
            ],
            "at_once": 10,
            "max_failures": 2,
            "answer_by": "2090-01-31T18:00:00Z",
        },
        request_only=True,
    )
]
ANSWERS = [
    OpenApiExample("Now", {"answer": "agree"}, request_only=True),
    OpenApiExample(
        "On a day of one's own",
        {"answer": "agree", "not_before": "2090-01-20T06:00:00Z"},
        request_only=True,
    ),
    OpenApiExample("No", {"answer": "decline", "comment": "Not before the sale."}, request_only=True),
]
COMMENTS = [OpenApiExample("Why", {"comment": "The sale begins today."}, request_only=True)]
