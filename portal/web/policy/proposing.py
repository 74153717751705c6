"""Asking what pasted policies would break."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from portal.accounts.models import User
from portal.core.errors import InvalidInput, SlipwayError
from portal.lifecycle.models import BlastRadius
from portal.lifecycle.services import blast_radii
from portal.policy import PolicyInvalid
from portal.policy.expansion import flatten
from portal.web.forms.policies import ProposalForm
from portal.web.middleware import status_of
from portal.web.policy import pasted


@dataclass(frozen=True)
class Problem:
    """One mistake, with the line that its document begins on in what was pasted."""

    policy: str
    field: str
    message: str
    expression: str
    line: int | None


@dataclass
class Proposing:
    """One form. `problems` are the mistakes in its policies, all at once."""

    user: User
    form: ProposalForm
    status: int = 200
    problems: Sequence[Problem] = field(default_factory=tuple)

    def ask(self) -> BlastRadius | None:
        """Ask; None when the documents cannot be used, with every reason."""
        self.form.is_valid()
        try:
            found = pasted.read(self.form.cleaned_data.get("yaml", ""))
        except InvalidInput as error:
            self._refuse(error)
            return None
        try:
            return blast_radii.ask(self.user, {"documents": list(flatten(found.objects))})
        except PolicyInvalid as error:
            self.problems = [
                Problem(each.policy, each.field, each.message, each.expression, found.line_of(each.policy))
                for each in error.problems
            ]
            self.form.add_error("yaml", "These policies cannot be used. What is wrong stands beside them.")
            self.status = 422
        except SlipwayError as error:
            self.form.refuse(error)
            self.status = status_of(error)
        return None

    def _refuse(self, error: InvalidInput) -> None:
        self.form.add_error("yaml", error.message)
        self.status = 422
