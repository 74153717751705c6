"""Changing a policy's mode: choose, see what it would break, then say why and confirm."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import QueryDict

from portal.accounts.models import User
from portal.core.errors import SlipwayError, StateConflict
from portal.environments.models import Environment
from portal.lifecycle.models import BlastRadius
from portal.lifecycle.selectors import bundle
from portal.lifecycle.selectors.policies import Entry, EnvironmentMode
from portal.lifecycle.services import blast_radii, policy_modes
from portal.lifecycle.services.policy_modes import FOLDER
from portal.policy.modes import Mode, mode_in
from portal.web.forms.policies import ConfirmModeForm, ModeForm
from portal.web.middleware import status_of
from portal.web.policy import blast_radius as blast_radius_page

NOT_LOOKED = (
    "Look first at what it would break: what was worked out is for something else, or is out of date."
)


@dataclass
class ModeChange:
    """One change of mode on its way. `radius` is what it would break, once that has been asked."""

    user: User
    entry: Entry
    form: ModeForm
    confirm: ConfirmModeForm
    place: EnvironmentMode | None = None
    wanted: str = ""
    radius: BlastRadius | None = None
    status: int = 200

    @property
    def name(self) -> str:
        return self.entry.policy.name

    @property
    def effective(self) -> Mode | None:
        """The mode that would be in force: the folder's, when it is to decide again."""
        if self.place is None or not self.wanted:
            return None
        if self.wanted == FOLDER:
            return folder_mode(self.name, self.place.environment)
        return self.wanted  # type: ignore[return-value]  # one of the form's choices

    @property
    def may_confirm(self) -> bool:
        """Whether what would break has been worked out for exactly this, by the policies as they are."""
        if self.radius is None or self.place is None or self.radius.state != BlastRadius.State.DONE:
            return False
        return self.radius.policy_digest == bundle.current().digest and self._is_about_this(self.radius)

    @property
    def said(self) -> str:
        """What is told once it is made."""
        place = self.place.environment.name if self.place else ""
        return f"From now on: {self.effective} in {place}."

    def look(self) -> BlastRadius | None:
        """Ask what it would break; None when it cannot be asked, with the reasons placed in the form."""
        if self.place is None or self.effective is None or not self.form.is_valid():
            self.form.is_valid()
            self.status = 422
            return None
        if problem := self._why_needless():
            self.form.add_error("mode", problem)
            self.status = 422
            return None
        modes = [{"policy": self.name, "environment": self.place.environment.slug, "mode": self.effective}]
        try:
            return blast_radii.ask(self.user, {"modes": modes})
        except SlipwayError as error:
            self.form.refuse(error)
            self.status = status_of(error)
            return None

    def make(self) -> bool:
        """Change the mode; False when it was refused, with the reasons placed beside their causes."""
        self.confirm.is_valid()
        if self.place is None or not self.wanted:
            self.status = 422
            return False
        typed = self.confirm.cleaned_data
        try:
            if not self.may_confirm:
                raise StateConflict(NOT_LOOKED)
            policy_modes.set_mode(
                self.name,
                self.place.environment,
                self.wanted,
                actor=self.user,
                reason=typed.get("reason", ""),
                seen=typed.get("seen") or self.place.mode,
            )
        except SlipwayError as error:
            self.confirm.refuse(error)
            self.status = status_of(error)
            return False
        return True

    def context(self) -> dict[str, Any]:
        shown = {"change": self, "entry": self.entry, "policy": self.entry.policy}
        if self.radius is None:
            return shown
        about = blast_radius_page.context(self.radius, self.user)
        etag = blast_radius_page.etag(self.radius, self.may_confirm, self.place and self.place.mode)
        return {**shown, **about, "etag": etag}

    def _why_needless(self) -> str:
        if self.place is None or self.effective != self.place.mode:
            return ""
        if self.wanted == FOLDER and self.place.chosen:
            return ""
        if self.wanted == FOLDER:
            return "The folder decides already: nobody has chosen another mode here."
        if self.place.chosen is None:
            return ""  # it keeps this mode then, also when the folder says otherwise
        return f"It is in this mode in {self.place.environment} already."

    def _is_about_this(self, radius: BlastRadius) -> bool:
        proposal = radius.proposal
        if self.place is None or proposal.get("documents") or proposal.get("remove"):
            return False
        about = {"policy": self.name, "environment": self.place.environment.slug, "mode": self.effective}
        return bool(proposal.get("modes") == [about])


def folder_mode(policy: str, environment: Environment) -> Mode:
    """The mode that the policy folder itself gives."""
    for known, bindings in bundle.as_in_folder().bound:
        if known.name == policy:
            return mode_in(bindings, environment.namespace_labels())
    return "off"


def of_address(user: User, entry: Entry, data: QueryDict, posted: QueryDict | None = None) -> ModeChange:
    """What the address, or the form, is about. What nobody knows is left open."""
    given = posted if posted is not None else data
    slugs = {each.environment.slug: each for each in entry.modes}
    place = slugs.get(given.get("environment", ""))
    wanted = given.get("mode", "")
    form = ModeForm(
        posted,
        modes=entry.modes,
        initial={"environment": given.get("environment", ""), "mode": wanted},
    )
    seen = place.mode if place else ""
    confirm = ConfirmModeForm(posted, initial={"seen": seen})
    known = wanted in dict(form.fields["mode"].choices)  # type: ignore[attr-defined]
    change = ModeChange(user, entry, form, confirm, place, wanted if known else "")
    number = given.get("radius", "")
    if place and change.wanted and number.isdecimal() and len(number) < 18:
        change.radius = BlastRadius.objects.visible_to(user).filter(pk=number).first()
    return change
