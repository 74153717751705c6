"""Pages of lists."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from rest_framework.pagination import CursorPagination, PageNumberPagination
from rest_framework.request import Request

from portal.core.errors import InvalidInput

MAX_PAGE_SIZE = 200


def _page_size(paginator: Any, request: Request) -> int:
    """`?page_size=`, from 1 to 200; said, not silently corrected, when it is something else."""
    text = request.query_params.get("page_size")
    if text is None:
        return int(paginator.page_size)
    if not (text.isascii() and text.isdigit() and len(text) <= 3 and 1 <= int(text) <= MAX_PAGE_SIZE):
        raise InvalidInput(f"page_size must be a whole number from 1 to {MAX_PAGE_SIZE}.")
    return int(text)


class Pages(PageNumberPagination):
    """`?page=` and `?page_size=`; answers `count`, `next`, `previous`, `results`."""

    page_size_query_param = "page_size"
    max_page_size = MAX_PAGE_SIZE
    parameters = frozenset({"page", "page_size"})

    def get_page_size(self, request: Request) -> int:
        return _page_size(self, request)

    def get_page_number(self, request: Request, paginator: Any) -> int:
        text = request.query_params.get(self.page_query_param) or "1"
        if not (text.isascii() and text.isdigit() and len(text) <= 9 and int(text) >= 1):
            raise InvalidInput("page must be a whole number, from 1.")
        return int(text)


class Stream(CursorPagination):
    """For what only grows: follow `next`. Nothing is counted, and rows that arrive meanwhile move nothing."""

    page_size_query_param = "page_size"
    max_page_size = MAX_PAGE_SIZE
    parameters = frozenset({"cursor", "page_size"})

    def get_page_size(self, request: Request) -> int:
        return _page_size(self, request)

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> Any:
        try:
            return super().paginate_queryset(queryset, request, view)
        except ValidationError as exc:
            raise InvalidInput("This cursor is not one of ours. Follow `next` from the first page.") from exc
