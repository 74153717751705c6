"""A maintainer's answer in a form."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from portal.core.errors import SlipwayError
from portal.lifecycle.models import CampaignItem
from portal.lifecycle.services.campaigns import answering
from portal.web.access import SignedIn
from portal.web.forms.campaigns import AnswerForm
from portal.web.middleware import status_of


@dataclass
class Answering:
    request: SignedIn
    item: CampaignItem
    status: int = 200

    @cached_property
    def form(self) -> AnswerForm:
        return AnswerForm(self.request.POST if self.request.method == "POST" else None)

    def answer(self) -> bool:
        """Whether it was taken; else the form says why not."""
        if not self.form.is_valid():
            self.status = 422
            return False
        try:
            answering.answer(self.item, actor=self.request.user, data=self.form.said)
        except SlipwayError as error:
            self.form.refuse(error)
            self.status = status_of(error)
            return False
        return True
