"""Pages of a list."""

from __future__ import annotations

from typing import TypeVar

from django.core.paginator import Page, Paginator
from django.db import models
from django.http import HttpRequest

ROWS = 50
M = TypeVar("M", bound=models.Model)


def page_of(rows: models.QuerySet[M], request: HttpRequest) -> Page[M]:
    """The page that `?page=` names; a number that makes no sense gives the nearest page."""
    return Paginator(rows, ROWS).get_page(request.GET.get("page"))
