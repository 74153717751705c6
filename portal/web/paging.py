"""Pages of a list."""

from __future__ import annotations

from typing import Any, TypeVar

from django.core.paginator import Page, Paginator
from django.db import models
from django.http import HttpRequest
from django.utils.functional import cached_property

ROWS = 50
# as far as a list is counted that may have millions of rows
MOST = 10_000
M = TypeVar("M", bound=models.Model)


def page_of(rows: models.QuerySet[M], request: HttpRequest, *, most: int = ROWS) -> Page[M]:
    """The page that `?page=` names; a number that makes no sense gives the nearest page."""
    return Paginator(rows, most).get_page(request.GET.get("page"))


class BoundedPaginator(Paginator):  # type: ignore[type-arg]  # not generic at run time
    """Counts no further than MOST: beyond it, narrowing the list serves better than leafing."""

    @cached_property
    def count(self) -> int:
        rows: Any = self.object_list  # a queryset, as only `bounded_page_of` makes one
        return int(rows.order_by()[:MOST].count())

    @property
    def has_more(self) -> bool:
        return self.count == MOST


def bounded_page_of(rows: models.QuerySet[M], request: HttpRequest) -> Page[M]:
    """`page_of` for what only grows."""
    page: Page[M] = BoundedPaginator(rows, ROWS).get_page(request.GET.get("page"))
    return page
