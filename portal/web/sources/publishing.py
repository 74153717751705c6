"""Publishing a version: facts in a form, the rest in YAML, and beside it the form that it will make."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.http import QueryDict

from portal.accounts.models import User
from portal.core import yaml_positions
from portal.core.documents import dump_yaml, load_mapping
from portal.core.errors import InvalidInput, SlipwayError, ValidationFailed
from portal.web.forms.publishing import TEXTS, PublishForm
from portal.web.middleware import status_of
from portal.web.sheet import Sheet
from services_catalog.checks import model_of
from services_catalog.imports import declarations, proposals, publishing
from services_catalog.imports.errors import NotPublishable
from services_catalog.library import LibraryVersion
from services_catalog.models import Plan, SourceVersion

VERSION = "/versions/0"
# what stands at the top of a declaration and is written in the YAML all the same
IN_YAML = ("provides", "role", "icon", "teams")


@dataclass(frozen=True)
class LineError:
    """A mistake in the YAML; `line` counts from 1."""

    line: int
    message: str


@dataclass
class PublishPage:
    """One look at it. `declared` is the version as it is typed, where it can be read."""

    user: User
    row: SourceVersion
    form: PublishForm
    text: str
    line_errors: list[LineError] = field(default_factory=list)
    declared: LibraryVersion | None = None
    refusal: SlipwayError | None = None
    status: int = 200

    def publish(self) -> bool:
        """False when it was only looked at, or refused, with the reasons beside their causes."""
        document = self._document()
        if document is None:
            self.status = 422
            return False
        if self.form.data.get("action") == "preview":
            self.look(document)
            return False
        try:
            publishing.publish(self.row, document, actor=self.user)
        except (ValidationFailed, NotPublishable) as error:
            self._refuse(error)
            self.look(document)
            return False
        return True

    def look(self, document: Mapping[str, Any]) -> None:
        """What the declaration would make of the chart, and what is wrong with it."""
        declared, problems = declarations.parsed(document, publishing.usable_chart(self.row))
        if problems and not self.line_errors and not self.form.errors:
            self._refuse(ValidationFailed(problems))
        self.declared = declared.versions[0] if declared else None

    def context(self) -> dict[str, Any]:
        version = self.declared
        return {
            "row": self.row,
            "source": self.row.source,
            "form": self.form,
            "look": self,
            "fields": self._fields() if version else [],
            "plan": self._plan(version) if version else None,
            "asking": {"errors": {}},
        }

    def _fields(self) -> list[Any]:
        """The short form as a developer would see it; all of it where no short form is declared."""
        assert self.declared is not None  # noqa: S101 asked for only then
        plan = Plan(values=self._plan(self.declared).get("values", {}))
        version = model_of(self.declared)
        return Sheet(version, plan, view="short" if version.short_form else "all").shown

    def _plan(self, version: LibraryVersion) -> dict[str, Any]:
        return next((each for each in version.plans if each.get("default")), version.plans[0])

    def _document(self) -> dict[str, Any] | None:
        """The declaration in the library's format; None while form or YAML cannot be read."""
        valid = self.form.is_valid()
        try:
            typed = load_mapping(self.text)
        except InvalidInput as error:
            self.line_errors.append(LineError(int(error.details.get("line", 1)), error.message))
            return None
        if not valid:
            return None
        top = {name: typed.pop(name) for name in IN_YAML if name in typed}
        return {**self.form.facts, **top, "versions": [typed]}

    def _refuse(self, error: ValidationFailed | NotPublishable) -> None:
        self.status = int(status_of(error))
        if isinstance(error, NotPublishable):
            self.refusal = error
            return
        places = yaml_positions.positions(self.text)
        for each in error.errors:
            path = each["path"]
            name = path.strip("/").split("/")[0]
            if path.startswith(VERSION) or name in IN_YAML or not self.form.is_bound:
                line = yaml_positions.nearest(places, path.removeprefix(VERSION)).line
                place = path.removeprefix(VERSION)
                self.line_errors.append(LineError(line, f"{place} {each['message']}".strip()))
            else:
                self.form.add_error(name if name in self.form.fields else None, each["message"])


def page(user: User, row: SourceVersion, posted: QueryDict | None = None) -> PublishPage:
    """With what was posted, or with what the chart and its versions before suggest."""
    if posted is not None:
        return PublishPage(user, row, PublishForm(posted), posted.get("declaration", ""))
    chart = publishing.usable_chart(row)
    publishing.check_publishable(row, chart)
    document = proposals.proposal(row, chart)
    text = as_yaml(document)
    initial = {name: document.get(name, "") for name in (*TEXTS, "offering")}
    initial |= {name: document.get(name) for name in ("environments", "cluster_scoped")}
    form = PublishForm(initial={**initial, "tags": ", ".join(document.get("tags", ())), "declaration": text})
    look = PublishPage(user, row, form, text)
    look.look(document)
    look.status = 200
    return look


def as_yaml(document: Mapping[str, Any]) -> str:
    """What the YAML part holds of a declaration."""
    top = {
        name: document[name] for name in IN_YAML if document.get(name) not in (None, "", [], {}, "service")
    }
    return dump_yaml({**document["versions"][0], **top})
