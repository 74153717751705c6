"""Asking for a change with a form: what was typed, what would happen, what is wrong, and the asking."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.http import QueryDict

from portal.accounts.models import User
from portal.core.errors import PolicyDenied, SlipwayError, ValidationFailed
from portal.lifecycle.models import ChangeRequest
from portal.lifecycle.operations.drafting import Draft
from portal.lifecycle.services import previews, wishes
from portal.web import judgements, opening
from portal.web import sheet as sheets
from portal.web.exceptions.excepting import Excepting, after_denial
from portal.web.sheet import Sheet
from services_catalog.forms import errors_by_field, flat

PREFIX = "/values"


@dataclass
class Asking:
    """One request form. `about` is what the wish names besides values, plan and version."""

    actor: User
    sheet: Sheet
    about: Mapping[str, Any]
    reason: str = ""
    key: str = ""
    draft: Draft | None = None
    errors: dict[str, list[str]] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    refusal: SlipwayError | None = None

    @property
    def data(self) -> dict[str, Any]:
        """The wish, as the API takes it."""
        wish = {**self.about, "values": self.sheet.values, "reason": self.reason}
        if self.about["kind"] != "update":
            wish["version"] = self.sheet.version.version
        if self.sheet.plan:
            wish["plan"] = self.sheet.plan.slug
        return wish

    @property
    def yaml_errors(self) -> list[str]:
        """What stands beside the YAML."""
        return [self.sheet.problem] if self.sheet.problem else self.errors.get("yaml", [])

    @property
    def verdicts(self) -> judgements.Grouped:
        return judgements.grouped(self.draft.verdicts if self.draft else ())

    @property
    def denied_change(self) -> int | None:
        """The id of the denied change, which is kept with its verdicts."""
        return self.refusal.details.get("change") if isinstance(self.refusal, PolicyDenied) else None

    @property
    def excepting(self) -> Excepting | None:
        """Where exceptions from what refused it may be asked for."""
        return after_denial(self.actor, self.denied_change)

    def look(self, data: QueryDict | None = None) -> None:
        """Fill in the draft. With `data`, errors of inputs left empty are only counted as missing."""
        if self.sheet.problem:
            return
        try:
            self.draft = previews.preview(wishes.resolve(self.actor, self.data))
        except ValidationFailed as error:
            self._place(error.errors, data)
        except SlipwayError as error:
            self.refusal = error
        else:
            self._place(self.draft.errors, data)

    def ask(self) -> ChangeRequest | None:
        """Open the change; None when it was refused, with the reasons placed beside their causes."""
        if self.sheet.problem:
            return None
        try:
            return opening.open_once(self.actor, self.data, self.key)
        except ValidationFailed as error:
            self._place(error.errors, None)
        except SlipwayError as error:
            self.refusal = error
            self.look()
        return None

    def _place(self, errors: Sequence[Mapping[str, str]], data: QueryDict | None) -> None:
        inside = [{**each, "path": each["path"].removeprefix(PREFIX)} for each in errors if _is_value(each)]
        outside = [each for each in errors if not _is_value(each)]
        placed = errors_by_field(self.sheet.fields, inside)
        for each in outside:
            placed.setdefault(each["path"].lstrip("/"), []).append(each["message"])
        labels = {each.path: each.label for each in flat(self.sheet.fields)}
        on_screen = sheets.paths(self.sheet.shown)
        for path, messages in placed.items():
            named = [f"{labels[path]} ({path}): {each}" if path in labels else each for each in messages]
            self.missing += named
            if path in labels and path not in on_screen:
                # the view on screen has no such field: say it at the YAML, or above the form
                self.errors.setdefault("yaml" if self.sheet.view == "yaml" else "", []).extend(named)
            elif data is None or (data.get(path) or "").strip():
                self.errors.setdefault(path, []).extend(messages)


def _is_value(error: Mapping[str, str]) -> bool:
    return error["path"] == PREFIX or error["path"].startswith(PREFIX + "/")


def new_key() -> str:
    return f"page-{uuid.uuid4()}"
