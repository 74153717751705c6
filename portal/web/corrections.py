"""What has to be corrected before a request can be made, each with the place where that is done."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from portal.core.yaml_positions import nearest, positions
from portal.web import sheet as sheets
from portal.web.sheet import Sheet
from services_catalog.forms import errors_by_field, flat

PREFIX = "/values"
# what stands beside the values: the name of its input, and how it is called
OUTSIDE = {
    "application": "Application",
    "environment": "Environment",
    "name": "Name",
    "version": "Version",
    "plan": "Plan",
    "reason": "Why",
}


@dataclass(frozen=True)
class Correction:
    """`path` is the name of the input. `target` is the id of what to focus; "" where it is not on screen, and
    `view` is then the one that shows it. `line` is the line of the YAML, 0 where there is none; `pointer` is
    the place in the values."""

    path: str
    label: str
    message: str
    target: str = ""
    view: str = ""
    line: int = 0
    pointer: str = ""

    @property
    def place(self) -> str:
        """`Line 7`, unless the message says so itself."""
        return f"Line {self.line}" if self.line and not self.message.startswith("Line ") else ""

    @property
    def text(self) -> str:
        """As it stands where its field is not: with the name of the field."""
        return f"{self.label}: {self.message}" if self.label else self.message


def of_errors(sheet: Sheet, errors: Sequence[Mapping[str, str]]) -> list[Correction]:
    """All of them, those outside of the values first."""
    inside = [{**each, "path": each["path"].removeprefix(PREFIX)} for each in errors if is_value(each)]
    outside = [each for each in errors if not is_value(each)]
    found = [_outside(each["path"].lstrip("/"), each["message"]) for each in outside]
    if sheet.view == "yaml":
        return [*found, *_in_yaml(sheet, inside)]
    return [*found, *_in_form(sheet, inside)]


def of_warnings(sheet: Sheet, warnings: Iterable[Mapping[str, str]]) -> list[Correction]:
    """What keeps nothing from being asked, where it stands."""
    return _in_yaml(sheet, warnings) if sheet.view == "yaml" else _in_form(sheet, warnings)


def is_value(error: Mapping[str, str]) -> bool:
    return error["path"] == PREFIX or error["path"].startswith(PREFIX + "/")


def _outside(name: str, message: str) -> Correction:
    return Correction(name, OUTSIDE.get(name, ""), message, target=name if name in OUTSIDE else "")


def _in_yaml(sheet: Sheet, errors: Iterable[Mapping[str, str]]) -> list[Correction]:
    """At their lines; what is missing altogether is said at what should hold it."""
    known = positions(sheet.yaml)
    labels = {each.path: each.label for each in flat(sheet.fields)}
    found = []
    for each in errors:
        path = each["path"]
        label = f"{labels[path]} ({path})" if path in labels else path
        line = nearest(known, path).line
        found.append(Correction("yaml", label, each["message"], "yaml", line=line, pointer=path))
    return sorted(found, key=lambda each: each.line)


def _in_form(sheet: Sheet, errors: Iterable[Mapping[str, str]]) -> list[Correction]:
    fields = {each.path: each for each in flat(sheet.fields)}
    on_screen = sheets.paths(sheet.shown)
    found = []
    for path, messages in errors_by_field(sheet.fields, errors).items():
        field = fields.get(path)
        label = f"{field.label} ({path})" if field else ""
        target = field.input_id if field and path in on_screen else ""
        view = "all" if field and not target else ""
        found += [Correction(path, label, each, target, view, pointer=path) for each in messages]
    return found
