"""Answering drift with a change: bring back what was sealed, or seal what runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from portal.accounts.models import User
from portal.core import clock
from portal.core.errors import StateConflict, ValidationFailed
from portal.lifecycle.models import DriftItem, Release, Remedy, ServiceInstance
from portal.lifecycle.operations.adoption.search import Adoption, Answer, search
from portal.lifecycle.operations.wish import Cure, Wish
from portal.lifecycle.services.naming import Data, reason_of, settled
from portal.lifecycle.states import ChangeKind

MOST_ITEMS = 200
LOOK_AGAIN = "Scan again, then decide on what is there."


def resolve(actor: User, data: Data) -> Wish:
    """A wish to remediate, from {"instance", "remedy": "revert" or "adopt", "items": ids to adopt, all
    without them, "with_more": whether to adopt with what changes along, "reason"}.

    Raises ValidationFailed (adopting: with every item that no value makes), NotPermitted, StateConflict where
    nothing has drifted, ClusterError.
    """
    instance, release = settled(actor, data)
    does = data.get("remedy") or Remedy.Does.REVERT
    if does not in Remedy.Does.values:
        known = " or ".join(Remedy.Does.values)
        raise ValidationFailed.at("/remedy", f"Must be {known}.", "unknown")
    if does == Remedy.Does.REVERT:
        return _revert(actor, data, instance, release)
    return _adopt(actor, data, instance, release)


def look(actor: User, data: Data) -> Adoption:
    """Which values adopting what `data` names would set, and for what there are none. Raises as `resolve`,
    but for those."""
    instance, release = settled(actor, data)
    items = _chosen(data, _standing(instance, release))
    return search(_wish(actor, data, instance, release), items, with_more=data.get("with_more") is True)


def adopting(actor: User, data: Data, found: Adoption) -> Wish:
    """The wish to adopt what `look` has found a way for, without looking again. Raises StateConflict where it
    found none."""
    instance, release = settled(actor, data)
    items = [answer.item for answer in found.adopted]
    if not items:
        raise StateConflict("No value of the chart makes any of this.")
    cure = Cure(Remedy.Does.ADOPT, tuple(map(_said, items)))
    return _wish(actor, data, instance, release, inputs=found.inputs, cure=cure)


def _revert(actor: User, data: Data, instance: ServiceInstance, release: Release) -> Wish:
    items = [item for item in _standing(instance, release) if item.how != DriftItem.How.FOREIGN]
    if not items:
        raise StateConflict(
            "What differs is not of the release: these objects are somebody else's, and are left alone. "
            "Remove them with kubectl, or tolerate them."
        )
    cure = Cure(Remedy.Does.REVERT, tuple(map(_said, items)))
    return _wish(actor, data, instance, release, source=release, inputs=release.inputs, cure=cure)


def _adopt(actor: User, data: Data, instance: ServiceInstance, release: Release) -> Wish:
    items = _chosen(data, _standing(instance, release))
    wish = _wish(actor, data, instance, release)
    found = search(wish, items, with_more=data.get("with_more") is True)
    if found.refused:
        raise ValidationFailed(
            [
                {
                    "path": f"/items/{each.item.pk}",
                    "message": f"{each.item}: {each.message}",
                    "code": each.code,
                }
                for each in found.refused
            ]
        )
    cure = Cure(Remedy.Does.ADOPT, tuple(map(_said, items)))
    return _wish(actor, data, instance, release, inputs=found.inputs, cure=cure)


def _refusal(answer: Answer) -> dict[str, str]:
    item = answer.item
    return {"path": f"/items/{item.pk}", "message": f"{item}: {answer.message}", "code": answer.code}


def _wish(actor: User, data: Data, instance: ServiceInstance, release: Release, **more: Any) -> Wish:
    return Wish(
        kind=ChangeKind.REMEDIATE,
        actor=actor,
        application=instance.application,
        environment=instance.environment,
        offering=instance.offering,
        name=instance.name,
        instance=instance,
        version=release.offering_version,
        plan=release.plan,
        reason=reason_of(data),
        emergency=data.get("emergency") is True,
        **more,
    )


def _standing(instance: ServiceInstance, release: Release) -> list[DriftItem]:
    """What differs now and nobody tolerates. Raises StateConflict where nothing does, or nobody has looked
    since the release came to run."""
    report = getattr(instance, "drift_report", None)
    if report is None or report.release_id != release.pk:
        raise StateConflict(f"Nobody has looked yet how release #{release.number} is. {LOOK_AGAIN}")
    tolerances = list(instance.drift_tolerances.live_at(clock.now()))
    items = [
        item
        for item in instance.drift_items.current()
        if not any(tolerance.covers(item) for tolerance in tolerances)
    ]
    if not items:
        raise StateConflict("Nothing differs from what was sealed, but what is tolerated. Nothing to do.")
    return items


def _chosen(data: Data, items: Sequence[DriftItem]) -> list[DriftItem]:
    """Those that `data` names; without names, all that are of the release."""
    wanted = data.get("items")
    if wanted is None:
        chosen = [item for item in items if item.how != DriftItem.How.FOREIGN]
        if not chosen:
            raise StateConflict("What differs is not of the release, so there is nothing to seal.")
        return chosen[:MOST_ITEMS]
    if not isinstance(wanted, list | tuple) or not 1 <= len(wanted) <= MOST_ITEMS:
        raise ValidationFailed.at("/items", f"Name 1 to {MOST_ITEMS} items by their ids.", "invalid")
    known = {str(item.pk): item for item in items}
    unknown = [str(each)[:20] for each in wanted if str(each) not in known]
    if unknown:
        said = f"Not among what differs now: {', '.join(unknown[:10])}. {LOOK_AGAIN}"
        raise ValidationFailed.at("/items", said, "unknown")
    return [known[name] for name in dict.fromkeys(map(str, wanted))]


def _said(item: DriftItem) -> Mapping[str, Any]:
    """As the change keeps it."""
    return {
        "object": item.key.as_dict(),
        "path": item.path,
        "how": item.how,
        "sealed": item.sealed,
        "live": item.live,
        "manager": item.manager,
    }
