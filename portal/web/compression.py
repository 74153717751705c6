"""Pages are compressed on their way out."""

from __future__ import annotations

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware


class CompressedPages(GZipMiddleware):
    """Pages only. What has an ETag is small, asked for again and again, and keeps an ETag that is exact; an
    answer of the API may hold a secret beside what was sent. A page holds none (BREACH): its CSRF token is
    masked anew each time, sessions do not come along from another site (SameSite), and Django pads what is
    compressed by a random number of bytes."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        kind = response.headers.get("Content-Type", "")
        if response.streaming or "ETag" in response.headers or not kind.startswith("text/html"):
            return response
        compressed: HttpResponseBase = super().process_response(request, response)
        return compressed
