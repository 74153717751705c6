"""The environments that files are judged for: their labels choose the modes of policies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from django.db import Error, connection

from portal.core.errors import SlipwayError
from portal.environments.models import Environment
from portal.lifecycle.commands.policy.console import Stream
from portal.policy import Bundle
from portal.policy.binding_words import environments_named
from portal.policy.types import ENVIRONMENT_LABEL

CONNECT_SECONDS = 3


class EnvironmentUnclear(SlipwayError):
    """Nobody said which environment, or it cannot be found out which there are."""

    code = "environment_unclear"


@dataclass(frozen=True)
class Stage:
    """`slug` is "" when the policies do not ask for an environment; `labels` are those of its namespaces."""

    slug: str
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Wanted:
    """What was asked for on the command line. `offline`: the portal's database is not asked."""

    slugs: Sequence[str]
    everywhere: bool
    labels: Mapping[str, str]
    offline: bool


def stages(wanted: Wanted, bundle: Bundle, notes: Stream) -> list[Stage]:
    """The stages to judge for. Raises EnvironmentUnclear.

    The label `slipway.dev/environment` is always the slug; `labels` count more than what the portal's
    database, when there is one that answers, knows of the environment.
    """
    if wanted.everywhere:
        return _everywhere(wanted)
    if not wanted.slugs:
        if bundle.chosen_by_environment:
            named = ", ".join(environments_named(bundle.bindings)) or "its slug"
            raise EnvironmentUnclear(
                "How strict these policies are depends on the environment. Say which one with "
                f"--environment ({named}, …), or judge for all of the portal's with --all-environments."
            )
        return [Stage("", wanted.labels)]
    known = None if wanted.offline else known_stages()
    unknown = [slug for slug in wanted.slugs if known and slug not in known]
    if unknown:
        notes.write(f"The portal has no environment {', '.join(unknown)}: judged by the label alone.\n")
    return [_stage(slug, (known or {}).get(slug, {}), wanted) for slug in dict.fromkeys(wanted.slugs)]


def _everywhere(wanted: Wanted) -> list[Stage]:
    known = None if wanted.offline else known_stages()
    if not known:
        raise EnvironmentUnclear(
            "Which environments there are only the portal's database knows, and "
            + ("it has none." if known is not None else "it was not asked or does not answer.")
            + " Name them: --environment dev --environment production."
        )
    return [_stage(slug, labels, wanted) for slug, labels in known.items()]


def _stage(slug: str, known: Mapping[str, str], wanted: Wanted) -> Stage:
    return Stage(slug, {**known, **wanted.labels, ENVIRONMENT_LABEL: slug})


def known_stages() -> dict[str, dict[str, str]] | None:
    """The labels of the portal's environments, in their order; None when its database does not answer."""
    if not answers():
        return None
    try:
        return {each.slug: each.namespace_labels() for each in Environment.objects.all()}
    except Error:
        # there, but without our tables
        return None


def answers() -> bool:
    """Whether the portal's database can be reached. Asked on a connection of its own, so that a database
    out of reach costs seconds and no file is made."""
    if connection.vendor == "sqlite":
        name = str(connection.settings_dict["NAME"])
        return ":memory:" in name or "mode=memory" in name or Path(name).is_file()
    probe = connection.copy()
    probe.settings_dict["OPTIONS"]["connect_timeout"] = CONNECT_SECONDS
    try:
        probe.ensure_connection()
    except Error:
        return False
    finally:
        probe.close()
    return True
