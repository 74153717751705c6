from __future__ import annotations

from drf_spectacular.utils import OpenApiExample

INSTALLATIONS = [
    OpenApiExample("Look first", {"dry_run": True}, request_only=True),
    OpenApiExample("Install", {}, request_only=True),
]
GATES = [
    OpenApiExample(
        "Two people, one of security",
        {
            "reason": "Agreed after the review of spring.",
            "approvals_required": 2,
            "approver_groups": ["release-managers", "security"],
            "one_of_each_group": True,
            "required_evidence": {"policies": 60, "drift": 30},
        },
        request_only=True,
    )
]
