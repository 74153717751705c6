"""The OpenAPI description: what all operations have in common."""

from __future__ import annotations

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import build_bearer_security_scheme_object
from drf_spectacular.utils import OpenApiResponse

from portal.api.v1.problems import CONTENT_TYPE
from portal.api.v1.serializers import Problem

READING = {
    400: "The request cannot be read.",
    401: "Not signed in.",
    403: "Visible to you, but not allowed.",
    404: "Absent, or not visible to you: the two look the same.",
    406: "Only JSON is offered.",
    503: "A cluster or the database does not answer; see Retry-After.",
}
WRITING = {
    409: "Too late, or somebody else was first.",
    413: "Larger than is accepted.",
    415: "Send application/json.",
    422: "Understood, but refused by schema, quota or policy, with every reason at once.",
    429: "Too many writes; see Retry-After.",
}


class ApiTokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "portal.api.v1.authentication.ApiTokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        return build_bearer_security_scheme_object(header_name="Authorization", token_prefix="Token")  # noqa: S106


class ProblemSchema(AutoSchema):
    """Gives every operation a summary, and the errors that it shares with all others."""

    def get_summary(self) -> str:
        """The first sentence of the operation's docstring."""
        return str(self.get_description()).replace("\n", " ").partition(". ")[0].rstrip(".:")

    def _get_response_bodies(self, direction: Any = "response") -> dict[str, Any]:
        bodies: dict[str, Any] = super()._get_response_bodies(direction)
        reads = self.method == "GET"
        if reads:
            bodies["304"] = {"description": "Not modified since the ETag in If-None-Match."}
        for status, description in (READING if reads else READING | WRITING).items():
            bodies[str(status)] = self._get_response_for_code(  # type: ignore[no-untyped-call]
                OpenApiResponse(Problem, description), str(status), [CONTENT_TYPE], direction
            )
        return bodies
