"""Wake-ups. A task loads nothing itself, calls one operation, and names when to come back."""

from __future__ import annotations

from typing import Any

from celery import Task
from celery.signals import celeryd_after_setup, worker_ready

from portal.audit.context import acting
from portal.audit.models import AuditEvent
from portal.celery import app
from portal.lifecycle import wakeups
from portal.lifecycle.operations import (
    blast_radius,
    breaker,
    bypasses,
    claims,
    cluster_looks,
    deprecations,
    exception_ends,
    expiry,
    guarding,
    health,
    installation,
    reconcile,
    reminders,
    scanning,
    settling,
)
from portal.lifecycle.operations.drift import claiming as drift_claiming
from portal.lifecycle.operations.drift import scanning as drift_scanning
from portal.lifecycle.operations.drift import tolerance_ends
from portal.lifecycle.operations.evidence import gathering
from portal.lifecycle.selectors import bundle, changes


@celeryd_after_setup.connect
def compile_policies(**_: Any) -> None:
    """Once, before the pool's processes are forked."""
    bundle.load_early()


@worker_ready.connect
def sweep_first(**_: Any) -> None:
    """Whatever was due while no worker ran is found at once, not by beat's next message."""
    wakeups.send(sweep)


def wake(change_id: int, *, countdown: float = 0.0) -> None:
    """Tell a worker that a change is due. May fail: the sweep finds the row again, so nothing depends on
    it."""
    wakeups.send(advance, change_id, countdown=countdown)


def wake_evidence(change_id: int) -> None:
    """Tell a worker that evidence is wanted. As with `wake`, nothing depends on it."""
    wakeups.send(gather_evidence, change_id)


def wake_blast_radius(radius_id: int) -> None:
    """Tell a worker that a question waits. As with `wake`, nothing depends on it."""
    wakeups.send(work_out_blast_radius, radius_id)


def wake_drift(instance_id: int) -> None:
    """Tell a worker that somebody wants to know how an instance is. As with `wake`, nothing depends on it."""
    wakeups.send(look_for_drift, instance_id)


@app.task(bind=True)
def advance(self: Task[..., None], change_id: int) -> None:
    """Do the next step of the change whose turn it is. Which one a message names does not matter: there are
    as many messages as there are changes due, so each gets its step, in fair order."""
    with acting(AuditEvent.Source.TASK, request_id=str(self.request.id or "")):
        done = reconcile.advance_next(owner=claims.worker_name())
    if done is not None:
        wake(done[0], countdown=done[1])


@app.task
def sweep() -> None:
    """Find what no message speaks of any more: lost wake-ups, expired leases, changes that nobody decided."""
    with acting(AuditEvent.Source.TASK):
        expiry.expire_due()
        settling.settle()
        breaker.hold_all()
    for change_id in changes.due_ids():
        wake(change_id)
    for change_id in gathering.due_ids():
        wake_evidence(change_id)
    for radius_id in blast_radius.due_ids():
        wake_blast_radius(radius_id)


@app.task
def remind() -> None:
    """Tell people again what waits for them, and others what has waited too long."""
    with acting(AuditEvent.Source.TASK):
        reminders.remind()
        deprecations.announce_due()


@app.task
def refresh_health() -> None:
    """Look at the settled instances that were looked at longest ago."""
    health.refresh_oldest()


@app.task
def look_at_clusters() -> None:
    """Find out what clusters serve by now, and whether those that were away are back."""
    with acting(AuditEvent.Source.TASK):
        cluster_looks.look_at_due()


@app.task
def work_out_blast_radius(radius_id: int) -> None:
    """Answer what a proposal would break; a second delivery finds it answered or taken."""
    blast_radius.work_out(radius_id)


@app.task
def gather_evidence(change_id: int) -> None:
    """Find out what a decision rests on; a second delivery finds it gathered or taken."""
    gathering.gather(change_id)


@app.task
def scan_fleet() -> None:
    """Judge what runs and may have changed, or may be judged otherwise, since it was judged last."""
    scanning.scan_due()


@app.task
def tidy_exceptions() -> None:
    """Announce the ends of exceptions, and put to rest those that are over."""
    with acting(AuditEvent.Source.TASK):
        exception_ends.tidy()


@app.task
def keep_policies_installed() -> None:
    """Bring clusters up to date that have the policies installed."""
    with acting(AuditEvent.Source.TASK):
        installation.keep_installed()


@app.task
def watch_gates() -> None:
    """Keep the guards around gates as they are set, and count what went around them."""
    with acting(AuditEvent.Source.TASK):
        guarding.keep()
        bypasses.watch_oldest()


@app.task
def scan_drift() -> None:
    """End tolerances whose date has come, and have each cluster looked at in which something is due."""
    with acting(AuditEvent.Source.TASK):
        tolerance_ends.end_due()
    for cluster_id in drift_claiming.clusters_due():
        wakeups.send(scan_drift_in, cluster_id)


@app.task
def scan_drift_in(cluster_id: int) -> None:
    """Look at what is due in one cluster; a second delivery finds somebody looking, or nothing due."""
    with acting(AuditEvent.Source.TASK):
        drift_scanning.scan_cluster(cluster_id)


@app.task
def look_for_drift(instance_id: int) -> None:
    """Look at one instance, if somebody still waits for that; a second delivery finds it done or taken."""
    with acting(AuditEvent.Source.TASK):
        drift_scanning.scan_asked(instance_id)
