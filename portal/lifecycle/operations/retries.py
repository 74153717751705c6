"""How often and how soon a step that failed is tried again, by kind of error."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import timedelta

from django.db import DatabaseError, InterfaceError

from portal.clusters.errors import (
    ClusterBusy,
    ClusterError,
    ClusterTrouble,
    ClusterUnreachable,
    HelmTimeout,
    ReleaseLocked,
)
from portal.core.errors import SlipwayError

# a cluster that is away for longer than this fails the changes that wait for it
LONGEST_ABSENCE = timedelta(hours=24)


@dataclass(frozen=True)
class Retry:
    """`attempts` in all, the first included; pauses in seconds double from `first` up to `longest`."""

    attempts: int
    first: float
    longest: float

    def pause(self, attempts: int) -> float:
        """Seconds to wait after that many failed attempts, with 20 % of jitter either way, so that what
        failed together is not tried together."""
        seconds = min(self.longest, self.first * 2.0 ** (max(attempts, 1) - 1))
        return seconds * random.uniform(0.8, 1.2)  # noqa: S311 jitter, not a secret


NEVER = Retry(1, 0.0, 0.0)
UNEXPECTED = Retry(4, 2.0, 30.0)
# The first that fits decides; what is not named and is no error of ours is unexpected.
BY_KIND: tuple[tuple[type[Exception], Retry], ...] = (
    (ClusterTrouble, Retry(8, 2.0, 60.0)),
    (ClusterUnreachable, Retry(8, 2.0, 60.0)),
    (ClusterBusy, Retry(6, 0.5, 15.0)),
    (ReleaseLocked, Retry(6, 2.0, 30.0)),
    (HelmTimeout, Retry(2, 5.0, 5.0)),
    (DatabaseError, Retry(20, 1.0, 30.0)),
    (InterfaceError, Retry(20, 1.0, 30.0)),
)


def retry_for(exc: Exception) -> Retry:
    for kind, retry in BY_KIND:
        if isinstance(exc, kind):
            return retry
    if isinstance(exc, ClusterError) and exc.retryable:
        return UNEXPECTED
    return NEVER if isinstance(exc, SlipwayError) else UNEXPECTED
