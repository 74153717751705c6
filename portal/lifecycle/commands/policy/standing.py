"""The chosen modes and granted exceptions that the portal's database adds to the policies as written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import Error

from portal.core.errors import NotFound
from portal.environments.models import Environment
from portal.lifecycle.commands.policy.console import policies_of
from portal.lifecycle.commands.policy.stages import EnvironmentUnclear, Stage, answers
from portal.lifecycle.models import Application
from portal.lifecycle.operations import waivers
from portal.lifecycle.selectors import bundle
from portal.policy import Bundle
from portal.policy.waivers import Waivers


def policies_in_force(options: Mapping[str, Any]) -> Bundle:
    """The policies in the modes that were chosen in the portal, where its database answers and is asked.

    As they are written, with --policies or --offline. Raises PolicyInvalid.
    """
    if options.get("policies") or options["offline"] or not answers():
        return policies_of(options)
    try:
        return bundle.current()
    except Error:
        # there, but without our tables
        return policies_of(options)


@dataclass(frozen=True)
class Standing:
    """An instance of the portal, which need not have been made yet: its namespace, and what is waived for
    it."""

    application: Application
    instance: str

    def namespace_in(self, stage: Stage) -> str:
        return self.application.namespace_in(self._environment(stage))

    def waivers_in(self, stage: Stage) -> Waivers:
        """Without those for one value: files have no values."""
        return waivers.for_instance(self.application, self._environment(stage), self.instance)

    @staticmethod
    def _environment(stage: Stage) -> Environment:
        found = Environment.objects.filter(slug=stage.slug).first()
        if found is None:
            raise EnvironmentUnclear(f"The portal has no environment {stage.slug!r} for --application.")
        return found


def standing_of(options: Mapping[str, Any]) -> Standing | None:
    """The instance whose exceptions count; None when none was named. Raises NotFound, EnvironmentUnclear."""
    slug = options["application"]
    if not slug:
        return None
    if options["offline"] or not answers():
        raise EnvironmentUnclear(
            "Exceptions are in the portal's database, which was not asked or does not answer."
        )
    application = Application.objects.filter(slug=slug).first()
    if application is None:
        raise NotFound(f"There is no application {slug!r}.")
    return Standing(application, options["instance"] or "")
