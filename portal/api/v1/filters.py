"""Filters of lists."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.db.models import QuerySet
from django_filters.rest_framework import BooleanFilter, DjangoFilterBackend
from rest_framework.request import Request

from portal.core.errors import InvalidInput

if TYPE_CHECKING:  # REST framework imports this module while it is being imported
    from rest_framework.views import APIView


class YesOrNo(forms.Field):
    """`true` or `false`; Django's own field takes everything else for "not asked"."""

    def to_python(self, value: Any) -> bool | None:
        if value in self.empty_values:
            return None
        if str(value).lower() not in ("true", "false"):
            raise forms.ValidationError("Must be true or false.")
        return str(value).lower() == "true"


class StrictBooleanFilter(BooleanFilter):  # type: ignore[misc]
    field_class = YesOrNo

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"widget": forms.TextInput, **kwargs})


class StrictFilters(DjangoFilterBackend):  # type: ignore[misc]
    """A filter that cannot be understood is refused: an unfiltered list would be a wrong answer."""

    def filter_queryset(self, request: Request, queryset: QuerySet[Any], view: APIView) -> QuerySet[Any]:
        filterset = self.get_filterset(request, queryset, view)
        if filterset is None:
            return queryset
        if not filterset.is_valid():
            raise InvalidInput(
                "; ".join(f"{name}: {' '.join(found)}" for name, found in filterset.errors.items()),
                errors=[
                    {"path": f"?{name}", "message": " ".join(found), "code": "invalid"}
                    for name, found in filterset.errors.items()
                ],
            )
        rows: QuerySet[Any] = filterset.qs
        return rows
