"""The request form of an offering, from its chart's schema: typed fields to show, and values read back."""

from services_catalog.forms.build import form_fields
from services_catalog.forms.changes import Change, changes
from services_catalog.forms.errors import errors_by_field
from services_catalog.forms.fields import Choice, Field, Row, flat, outline, short_fields
from services_catalog.forms.parse import is_reshaped, parse_form
from services_catalog.forms.unknown_keys import unknown_keys
from services_catalog.forms.yaml_text import LineProblem, YamlText, located, read_yaml

__all__ = [
    "Change",
    "Choice",
    "Field",
    "LineProblem",
    "Row",
    "YamlText",
    "changes",
    "errors_by_field",
    "flat",
    "form_fields",
    "is_reshaped",
    "located",
    "outline",
    "parse_form",
    "read_yaml",
    "short_fields",
    "unknown_keys",
]
