"""The request form of an offering, from its chart's schema: typed fields to show, and values read back."""

from services_catalog.forms.build import form_fields
from services_catalog.forms.errors import errors_by_field
from services_catalog.forms.fields import Choice, Field, Row, flat, short_fields
from services_catalog.forms.parse import parse_form

__all__ = ["Choice", "Field", "Row", "errors_by_field", "flat", "form_fields", "parse_form", "short_fields"]
