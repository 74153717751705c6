"""Asking for a change with a form: what was typed, what would happen, what is wrong, and the asking."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.http import QueryDict

from portal.accounts.models import User
from portal.core import pointers
from portal.core.errors import IdempotencyKeyReused, PolicyDenied, SlipwayError, ValidationFailed
from portal.core.pointers import ABSENT, parse
from portal.lifecycle.models import ChangeRequest
from portal.lifecycle.operations.drafting import Draft
from portal.lifecycle.services import previews, wishes
from portal.web import corrections, judgements, opening
from portal.web.corrections import Correction
from portal.web.exceptions.excepting import Excepting, after_denial
from portal.web.sheet import Sheet
from services_catalog.forms import unknown_keys

CHANGED_MEANWHILE = (
    "This page has been sent before, with other values. What you typed is still here: look at it again, then "
    "ask once more."
)


@dataclass
class Asking:
    """One request form. `about` is what the wish names besides values, plan and version. `asked`: the button
    was pressed, and it was not possible."""

    actor: User
    sheet: Sheet
    about: Mapping[str, Any]
    reason: str = ""
    key: str = ""
    draft: Draft | None = None
    errors: dict[str, list[str]] = field(default_factory=dict)
    corrections: list[Correction] = field(default_factory=list)
    refusal: SlipwayError | None = None
    asked: bool = False
    opened: str = ""  # the object whose YAML was asked for

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
    def status(self) -> int:
        return 422 if self.refusal or (self.asked and self.corrections) else 200

    @property
    def yaml_errors(self) -> list[Correction]:
        """What stands beside the YAML, in the order of its lines."""
        found = [each for each in self.corrections if each.path == "yaml"]
        return sorted(found, key=lambda each: each.line)

    @property
    def warnings(self) -> list[Correction]:
        """Keys that may be typing errors: they keep nothing from being asked."""
        sheet = self.sheet
        if sheet.text is not None:
            return []
        found = unknown_keys(sheet.version, sheet.values)
        refused = {each.pointer for each in self.corrections}
        return [each for each in corrections.of_warnings(sheet, found) if each.pointer not in refused]

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
        """Fill in the draft. With `data`, errors of inputs left empty are only counted as missing, until it
        was asked for."""
        data = None if self.asked else data
        if not self._readable():
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
        self.asked = True
        if not self._readable():
            self.sheet.view = "yaml"
            return None
        if self.sheet.gone:
            self.look()
            return None
        try:
            return opening.open_once(self.actor, self.data, self.key)
        except IdempotencyKeyReused:
            self.refusal, self.key = IdempotencyKeyReused(CHANGED_MEANWHILE), new_key()
        except ValidationFailed as error:
            self._place(error.errors, None)
            return None
        except SlipwayError as error:
            self.refusal = error
        self.look()
        return None

    def _readable(self) -> bool:
        if self.sheet.gone:
            message = (
                f"Version {self.sheet.gone} is no longer on offer: your values stand under this one now."
            )
            self._add([Correction("version", "Version", message, target="version")])
        if self.sheet.text is None:
            return True
        self._add([Correction("yaml", "", self.sheet.problem, target="yaml", line=self.sheet.line)])
        return False

    def _place(self, errors: Sequence[Mapping[str, str]], data: QueryDict | None) -> None:
        """All at once: where the wish itself is wrong, its values are looked at by themselves."""
        found = list(errors)
        if found and not any(map(corrections.is_value, found)):
            sheet = self.sheet
            found += previews.errors_of_values(sheet.version, sheet.plan, sheet.values, sheet.saved)
        self._add(corrections.of_errors(self.sheet, found), data)

    def _add(self, found: Sequence[Correction], data: QueryDict | None = None) -> None:
        self.corrections += found
        for each in found:
            if not each.target and each.path != "yaml":
                self.errors.setdefault("", []).append(each.text)
            elif data is None or self._typed(each.path, data):
                self.errors.setdefault(each.path, []).append(each.message)

    def _typed(self, path: str, data: QueryDict) -> bool:
        """Whether anything was given there, on screen or in the view before."""
        if path == "yaml":
            return bool(self.sheet.yaml.strip())
        given = pointers.get(self.sheet.values, parse(path)) if path.startswith("/") else ABSENT
        return given not in (ABSENT, None, "") or bool((data.get(path) or "").strip())


def posted(actor: User, sheet: Sheet, about: Mapping[str, Any], data: QueryDict) -> Asking:
    """What came with a form; `asked` stays while somebody corrects what kept it from being sent."""
    reason, key = data.get("reason", ""), data.get("key") or new_key()
    asked = "asked" in data
    return Asking(actor, sheet, about, reason, key, asked=asked, opened=data.get("object", "")[:500])


def new_key() -> str:
    return f"page-{uuid.uuid4()}"
