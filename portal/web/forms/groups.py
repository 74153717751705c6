"""A group of approvers."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import Q, QuerySet

from portal.accounts.models import User
from portal.environments.groups import LONGEST_NAME
from portal.environments.models import ApproverGroup
from portal.lifecycle.selectors.changes import DECIDING_ROLES
from portal.web.forms.decision import ServiceForm

CONTROL = {"class": "form-control"}


class GroupForm(ServiceForm):
    """With `group` it is changed, and keeps its slug. `status` is that of a refusal by the service."""

    status = 0
    slug = forms.CharField(
        max_length=40,
        label="Slug",
        help_text="As automation names it, such as release-managers.",
        widget=forms.TextInput(
            attrs={"class": "form-control mono", "autocomplete": "off", "spellcheck": "false"}
        ),
        error_messages={"required": "Give it a slug, such as release-managers."},
    )
    name = forms.CharField(
        max_length=LONGEST_NAME,
        label="Name",
        widget=forms.TextInput(attrs={**CONTROL, "autocomplete": "off"}),
        error_messages={"required": "Give it a name."},
    )

    def __init__(self, data: Any = None, *, group: ApproverGroup | None = None) -> None:
        current = {person.pk for person in group.members.all()} if group else set()
        super().__init__(data, initial={"name": group.name, "members": list(current)} if group else {})
        self.fields["members"] = forms.ModelMultipleChoiceField(
            people(current), required=False, label="Members"
        )
        if group is not None:
            del self.fields["slug"]

    @property
    def chosen(self) -> set[str]:
        return {str(pk) for pk in self["members"].value() or ()}


def people(besides: set[int]) -> QuerySet[User]:
    """Who can be a member: operators; and those who are, whatever they are by now."""
    deciding = Q(is_active=True, is_service_account=False, platform_roles__role__in=DECIDING_ROLES)
    return User.objects.filter(deciding | Q(pk__in=besides)).distinct().order_by("username")
