"""One attempt to bring a release, or its absence, to the cluster with helm."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any

from django.db import transaction

from portal.clusters.errors import (
    ClusterForbidden,
    ClusterRefused,
    HelmStopped,
    NamespaceMissing,
    ReleaseLocked,
)
from portal.clusters.helm import Helm
from portal.clusters.types import Applied
from portal.core import clock
from portal.core.errors import SlipwayError
from portal.lifecycle.models import ChangeRequest, Release, Rollout, ServiceInstance
from portal.lifecycle.models.instance import SYSTEM_NAMESPACE
from portal.lifecycle.operations import namespace_watch, seals
from portal.lifecycle.operations.claims import Claim
from portal.lifecycle.operations.logs import RolloutLog
from portal.lifecycle.operations.observation import kubernetes_for
from portal.lifecycle.operations.rendering import helm_for
from services_catalog.chart_cache import unpacked

HELM_TIMEOUT_SECONDS = 300

ShouldStop = Callable[[], bool]


class Attempt:
    """A rollout's row and log, closed with its outcome whatever happens inside."""

    def __init__(
        self, change: ChangeRequest, claim: Claim, release: Release | None, *, is_revert: bool
    ) -> None:
        with transaction.atomic():
            self._open(change, claim, release, is_revert)
        self.log = RolloutLog(self.rollout, release or change.base_release)

    def _open(self, change: ChangeRequest, claim: Claim, release: Release | None, is_revert: bool) -> None:
        now = clock.now()
        self.change, self.claim = change, claim
        last = Rollout.objects.filter(change__instance=change.instance_id).order_by("-id").first()
        self.follows_failure = last is not None and last.outcome != Rollout.Outcome.SUCCEEDED
        self.resumes = last is not None and (last.change_id, last.release_id, last.is_revert) == (
            change.pk,
            release and release.pk,
            is_revert,
        )
        if last is not None and last.outcome == Rollout.Outcome.RUNNING:
            Rollout.objects.filter(pk=last.pk).update(
                outcome=Rollout.Outcome.LOST, finished_at=now, message="The worker was lost."
            )
        self.rollout = Rollout.objects.create(
            change=change, release=release, is_revert=is_revert, fencing_token=claim.token, started_at=now
        )

    def described(self, release: Release) -> str:
        """What helm writes beside the revision: which release, and which change applied it."""
        way = "back by change" if self.rollout.is_revert else "by change"
        return f"release #{release.number} {release.short_digest} {way} {self.change.pk}"

    def __enter__(self) -> Attempt:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        if exc is None:
            self._close(Rollout.Outcome.SUCCEEDED, "")
        else:
            message = (
                exc.message if isinstance(exc, SlipwayError) else "Unexpected error; see the portal's log."
            )
            self.log(f"Failed: {message}")
            self._close(Rollout.Outcome.FAILED, self.log.redact(message))

    def stopped_by(self, *stops: threading.Event) -> ShouldStop:
        """What helm's keeper asks twice a second: whether to stop; a moment to show the log, too."""

        def ask() -> bool:
            self.log.flush()
            return any(stop.is_set() for stop in stops)

        return ask

    def _close(self, outcome: str, message: str) -> None:
        """Once, and only under the claim: who comes too late leaves the attempt to whoever has taken
        over, who declares it lost, even when that is about to happen."""
        self.log.flush()
        mine = ChangeRequest.objects.filter(pk=self.change.pk, **self.claim.conditions)
        Rollout.objects.filter(pk=self.rollout.pk, outcome=Rollout.Outcome.RUNNING, change__in=mine).update(
            outcome=outcome,
            message=message,
            finished_at=clock.now(),
            helm_revision=self.rollout.helm_revision,
        )


def bring(
    instance: ServiceInstance,
    release: Release,
    attempt: Attempt,
    stop: threading.Event,
    *,
    rendering: seals.Rendering | None = None,
) -> None:
    """`helm upgrade --install` of exactly the sealed chart and values. `rendering` may have begun before.

    Raises ClusterError, SealBroken, AppliedDiffers.
    """
    rendering = rendering or seals.Rendering(release, instance=instance)
    helm = helm_for(instance)
    if instance.is_namespace:
        kubernetes_for(instance).ensure_namespace(
            SYSTEM_NAMESPACE, {"app.kubernetes.io/managed-by": "slipway"}
        )
    with _namespace_of(instance) as gone:
        _bring(helm, instance, release, attempt, attempt.stopped_by(stop, gone), rendering)


def _bring(
    helm: Helm,
    instance: ServiceInstance,
    release: Release,
    attempt: Attempt,
    should_stop: ShouldStop,
    rendering: seals.Rendering,
) -> None:
    if attempt.resumes and _adopt(helm, instance, release, attempt, rendering):
        return
    if attempt.follows_failure:
        _recover(helm, instance, attempt, should_stop)
    attempt.log(
        f"helm upgrade --install {instance.target} with release #{release.number} ({release.short_digest})"
    )
    try:
        applied = _upgrade(helm, instance, release, attempt, should_stop, rendering)
    except ReleaseLocked:
        _recover(helm, instance, attempt, should_stop)
        applied = _upgrade(helm, instance, release, attempt, should_stop, rendering)
    attempt.rollout.helm_revision = applied.revision
    attempt.log(f"helm revision {applied.revision} is {applied.status}")


def _upgrade(
    helm: Helm,
    instance: ServiceInstance,
    release: Release,
    attempt: Attempt,
    should_stop: ShouldStop,
    rendering: seals.Rendering,
) -> Applied:
    """Helm starts while the release is rendered again, and gets its values only if it is what was sealed."""
    sealed: list[dict[str, Any]] = []
    applied = helm.upgrade_install(
        unpacked(release.chart_id),
        target=instance.target,
        values=release.values,
        timeout_seconds=HELM_TIMEOUT_SECONDS,
        description=attempt.described(release),
        on_log=attempt.log,
        should_stop=should_stop,
        check=lambda: sealed.extend(rendering.documents()),
    )
    seals.check_applied(applied.documents, sealed)
    return applied


def _adopt(
    helm: Helm, instance: ServiceInstance, release: Release, attempt: Attempt, rendering: seals.Rendering
) -> bool:
    """Recognise what an attempt of this very change had finished before its worker, or the database, was
    lost: helm's newest revision says so. It is not applied again, so its hooks do not run twice either.

    Raises ClusterError, SealBroken, AppliedDiffers: what is adopted is held against the seal like any other.
    """
    history = helm.history(instance.target)
    newest = history[0] if history else None
    if newest is None or newest.status != "deployed" or newest.description != attempt.described(release):
        return False
    seals.check_applied(helm.manifest(instance.target), rendering.documents())
    attempt.rollout.helm_revision = newest.revision
    attempt.log(f"helm revision {newest.revision} was finished by the attempt before: taken over as it is")
    return True


def _recover(helm: Helm, instance: ServiceInstance, attempt: Attempt, should_stop: ShouldStop) -> None:
    """Undo what a killed or failed helm left. Allowed here only: this worker holds the instance's only
    lease."""
    done = helm.recover(instance.target, should_stop=should_stop)
    if done:
        attempt.log(done)


@contextmanager
def _namespace_of(instance: ServiceInstance) -> Iterator[threading.Event]:
    """Say so when the cluster refuses only because somebody has deleted the namespace, and with it the rights
    of its deployer; the event is set when that happens meanwhile, for helm to be stopped. Raises
    NamespaceMissing."""
    name = instance.namespace
    with namespace_watch.watching(instance) as gone:
        try:
            yield gone
        except (ClusterForbidden, ClusterRefused, HelmStopped) as exc:
            if instance.is_namespace:
                raise
            was_seen = isinstance(exc, HelmStopped)
            if not (gone.is_set() if was_seen else namespace_watch.is_gone(kubernetes_for(instance), name)):
                raise
            said = f"The namespace {name} is not in the cluster any more."
            said += " Ask for its release again, then for this."
            raise NamespaceMissing(said) from exc


def remove(instance: ServiceInstance, attempt: Attempt, stop: threading.Event) -> None:
    """`helm uninstall`; that there is nothing to remove is fine."""
    helm = helm_for(instance)
    attempt.log(f"helm uninstall {instance.target}")
    try:
        with _namespace_of(instance) as gone:
            existed = helm.uninstall(
                instance.target,
                timeout_seconds=HELM_TIMEOUT_SECONDS,
                on_log=attempt.log,
                should_stop=attempt.stopped_by(stop, gone),
            )
    except NamespaceMissing:
        existed = False
    attempt.log("removed" if existed else "there was no such release")
