"""How long things usually take here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from statistics import median

from django.db.models import Min

from portal.environments.models import Environment
from portal.lifecycle.models import ChangeRequest, Rollout
from portal.lifecycle.states import ChangeKind, ChangeState
from services_catalog.models import Offering

LOOK_BACK = 20


@dataclass(frozen=True)
class Usual:
    """The median over the last `count` changes that worked out."""

    duration: timedelta
    count: int


def usual_rollout(offering: Offering, environment: Environment) -> Usual | None:
    """From the first attempt until it was seen to be ready; None where nothing of it has worked out yet."""
    rows = ChangeRequest.objects.filter(
        environment=environment, state=ChangeState.SUCCEEDED, offering=offering, finished_at__isnull=False
    ).exclude(kind=ChangeKind.RETIRE)
    ended = dict(rows.order_by("-created_at").values_list("pk", "finished_at")[:LOOK_BACK])
    began = (
        Rollout.objects.filter(change__in=ended).order_by().values("change").annotate(at=Min("started_at"))
    )
    found = [ended[each["change"]] - each["at"] for each in began]
    return Usual(median(found), len(found)) if found else None
