"""The organisation's policy bundle: its folder, compiled once for each state, in the chosen modes."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import cast

import structlog
from django.conf import settings

from portal.environments.models import Environment, PolicyMode
from portal.policy import Bundle, PolicyInvalid, PolicyProblem, load_bundle
from portal.policy.bundle import EXAMPLES
from portal.policy.modes import Mode, Overrides, with_modes

log = structlog.get_logger(__name__)

State = tuple[tuple[str, int], ...]


class PoliciesUnusable(PolicyInvalid):
    """The organisation's own policies cannot be used, so nothing can be allowed; nobody who asks is to
    blame."""

    code = "policies_unusable"

    def __init__(self, problems: Sequence[PolicyProblem]) -> None:
        super().__init__(problems)
        self.message = (
            "The organisation's policies cannot be used, so nothing can be allowed until a platform engineer "
            f"has mended them. {self.message}"
        )


def current() -> Bundle:
    """The bundle as folder and modes are now.

    Raises PoliciesUnusable: with broken policy nothing is judged, so nothing passes.
    """
    return bound_as(overrides())


def bound_as(modes: Overrides) -> Bundle:
    """The folder's policies with these modes in place of the chosen ones. Raises
    PoliciesUnusable, ModeImpossible."""
    folder: Path = settings.SLIPWAY_POLICY_DIR
    environments = tuple(Environment.objects.values_list("slug", flat=True)) if modes else ()
    try:
        return _rebound(folder, _state(folder), tuple(sorted(modes.items())), environments)
    except PolicyInvalid as exc:
        raise PoliciesUnusable(exc.problems) from exc


def as_in_folder() -> Bundle:
    """The folder's policies in the folder's own modes. Raises PolicyInvalid."""
    folder: Path = settings.SLIPWAY_POLICY_DIR
    return _load(folder, _state(folder))


def load_early() -> None:
    """Compile before workers are forked, rather than in somebody's first request. Unusable policies are said
    then, by each request, so here they are only noted."""
    try:
        as_in_folder()
    except PolicyInvalid as exc:
        log.error("policies_unusable", message=exc.message)


def overrides() -> dict[tuple[str, str], Mode]:
    """{(policy, environment): mode} where people chose another mode than the folder's."""
    rows = PolicyMode.objects.values_list("policy", "environment__slug", "mode")
    return {(policy, environment): cast(Mode, mode) for policy, environment, mode in rows}


def _state(folder: Path) -> State:
    return tuple(sorted(_stamps(str(folder)))) if folder.is_dir() else ()


def _stamps(folder: str) -> Iterator[tuple[str, int]]:
    """Each policy file with the time of its last change; examples are not looked at."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir():
                if entry.name != EXAMPLES:
                    yield from _stamps(entry.path)
            elif entry.name.endswith((".yaml", ".yml")):
                yield entry.path, entry.stat().st_mtime_ns


@lru_cache(maxsize=2)
def _load(folder: Path, _state: State) -> Bundle:
    return load_bundle(folder)


@lru_cache(maxsize=8)
def _rebound(
    folder: Path,
    state: State,
    modes: tuple[tuple[tuple[str, str], Mode], ...],
    environments: tuple[str, ...],
) -> Bundle:
    return with_modes(_load(folder, state), dict(modes), environments)
