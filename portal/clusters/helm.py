"""Helm as the portal uses it: one release, one call, our types and our errors.

pyhelm3 0.5.8 builds the command lines; how they run is replaced (`command.py`): without a shell, in a process
group that dies with us, with the kubeconfig in memory, streamed and stoppable. Its `Client` is left alone: it
runs `helm version` and `helm show chart` besides and parses manifests in pure Python.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from portal.clusters import binary as helm_binary
from portal.clusters import process
from portal.clusters.api import api_for
from portal.clusters.command import Check, Command, Log, Stop, finish, in_memory
from portal.clusters.conceal import concealer
from portal.clusters.errors import ClusterError, ClusterUnreachable
from portal.clusters.helm_errors import ReleaseNotFound
from portal.clusters.kubeconfig import access_of, kubeconfig_for_helm
from portal.clusters.manifests import parse_manifest
from portal.clusters.rendering import checked, render
from portal.clusters.types import Applied, Connection, Document, Revision, Target

__all__ = ["Helm", "render"]

Values = Mapping[str, Any]

# for the cluster to say its version, before helm is started
ANSWER_SECONDS = 10.0
READ_SECONDS = 30
# beyond helm's own --timeout, which is per hook: the rest of its work, in all
SLACK_SECONDS = 15
# after SIGTERM: long enough for helm to write down that the release failed
GRACE_SECONDS = 3.0
# of these, in this order, a killed upgrade goes back to the newest
GOOD = ("deployed", "superseded")


class Helm:
    """Helm against one cluster, as one identity. Cheap to build; holds no state and no files between calls.

    Helm never waits for readiness, creates no namespace and runs no plugins. Helm 4 applies on the server and
    takes over fields that others have set, as helm 3's three-way merge does: the release is the truth.
    """

    def __init__(
        self, connection: Connection, *, binary: Path | str | None = None, cache_dir: Path | None = None
    ) -> None:
        """`cache_dir` keeps, for each cluster, the schemas that helm would fetch again each time (a megabyte,
        some 100 ms); helm asks the cluster whether they are current. Without it nothing is kept."""
        self._connection = connection
        self._binary = helm_binary.find(binary)
        # by certificate too: another cluster may come to listen on the same address
        access = access_of(connection.kubeconfig, connection.context)
        self._cache = helm_binary.cache_of(cache_dir, access.server, access.ca)

    def upgrade_install(
        self,
        chart: Path,
        *,
        target: Target,
        values: Values,
        timeout_seconds: int,
        description: str = "",
        on_log: Log | None = None,
        should_stop: Stop | None = None,
        check: Check | None = None,
    ) -> Applied:
        """Apply the chart and return what helm recorded. Hooks have run; nothing is known to be ready yet.

        `check` runs while helm starts and reads the release's history; helm gets its values, and so can
        render and apply, only after `check` has returned. What it raises is raised; nothing was applied. A
        check has to hold the values against the chart's schema (as `render` does): helm does not do it again.

        `timeout_seconds` bounds each hook; the whole run gets 15 s more. `on_log` gets helm's log, line by
        line, secret values masked. `should_stop` is asked every 0.5 s; helm then has 3 s to note its end.
        Raises the errors of `portal.clusters.errors`; ReleaseLocked asks for `recover()`.
        """
        chart = checked(chart)
        with self._command(
            timeout_seconds, values=values, on_log=on_log, should_stop=should_stop, check=check
        ) as command:
            return _applied(
                finish(
                    command.install_or_upgrade(
                        target.release,
                        chart,
                        dict(values),
                        namespace=target.namespace,
                        create_namespace=False,
                        description=description or None,
                        timeout=f"{timeout_seconds}s",
                        debug=on_log is not None,
                        **self._server_side(),
                    )
                )
            )

    def uninstall(
        self,
        target: Target,
        *,
        timeout_seconds: int,
        on_log: Log | None = None,
        should_stop: Stop | None = None,
    ) -> bool:
        """Remove the release with its history. False when there was none."""
        try:
            with self._command(timeout_seconds, on_log=on_log, should_stop=should_stop) as command:
                finish(
                    command.uninstall(
                        target.release, namespace=target.namespace, timeout=f"{timeout_seconds}s"
                    )
                )
        except ReleaseNotFound:
            return False
        return True

    def history(self, target: Target) -> list[Revision]:
        """Newest first; empty when there is no release."""
        try:
            with self._command(READ_SECONDS) as command:
                found = finish(command.history(target.release, namespace=target.namespace))
        except ReleaseNotFound:
            return []
        return sorted((_revision(entry) for entry in found), key=lambda entry: -entry.revision)

    def manifest(self, target: Target, revision: int | None = None) -> tuple[Document, ...]:
        """What a revision (the newest without one) applied, hooks included; empty when there is no such."""
        try:
            with self._command(READ_SECONDS) as command:
                return _applied(
                    finish(command.status(target.release, namespace=target.namespace, revision=revision))
                ).documents
        except ReleaseNotFound:
            return ()

    def rollback(
        self,
        target: Target,
        revision: int,
        *,
        timeout_seconds: int,
        on_log: Log | None = None,
        should_stop: Stop | None = None,
    ) -> Applied:
        """Make an old revision the newest again. Raises like `upgrade_install`."""
        with self._command(timeout_seconds, on_log=on_log, should_stop=should_stop) as command:
            finish(command.roll_back(target, revision, timeout_seconds, **self._server_side()))
            return _applied(finish(command.status(target.release, namespace=target.namespace)))

    def recover(
        self, target: Target, *, timeout_seconds: int = 60, should_stop: Stop | None = None
    ) -> str | None:
        """Make a release usable again that a killed helm left behind; says what was done, None for nothing.

        Whoever calls guarantees that no other helm is at work on this release.
        """
        history = self.history(target)
        if not history:
            return None
        newest = history[0]
        good = next((entry for status in GOOD for entry in history if entry.status == status), None)
        if newest.status == "uninstalling" or (good is None and newest.status != "uninstalled"):
            self.uninstall(target, timeout_seconds=timeout_seconds, should_stop=should_stop)
            return (
                f"Revision {newest.revision} was left {newest.status} and nothing was deployed: uninstalled."
            )
        if good is not None and newest.status.startswith("pending-"):
            self.rollback(target, good.revision, timeout_seconds=timeout_seconds, should_stop=should_stop)
            left = f"Revision {newest.revision} was left {newest.status}"
            return f"{left}: rolled back to revision {good.revision}."
        return None

    def _server_side(self) -> dict[str, Any]:
        if helm_binary.version(self._binary)[0] < 4:
            return {}
        return {"server_side": "true", "force_conflicts": True}

    @contextmanager
    def _command(
        self,
        seconds: float,
        *,
        values: Values | None = None,
        on_log: Log | None = None,
        should_stop: Stop | None = None,
        check: Check | None = None,
    ) -> Iterator[Command]:
        self._check_reachable()
        with helm_binary.home() as home, in_memory(kubeconfig_for_helm(self._connection)) as kubeconfig:
            yield Command(
                self._binary,
                kubeconfig,
                home=home,
                cache=self._cache,
                bounds=process.Bounds(seconds + SLACK_SECONDS, grace_seconds=GRACE_SECONDS),
                conceal=concealer(values or {}),
                on_log=on_log,
                should_stop=should_stop,
                check=check,
            )

    def _check_reachable(self) -> None:
        """Helm would try an address that is silent, or hangs up, for 10 s to half a minute. Raises
        ClusterUnreachable; every other answer is an answer, and helm says what it means."""
        try:
            api_for(self._connection).request("GET", "/version", seconds=ANSWER_SECONDS)
        except ClusterUnreachable:
            raise
        except ClusterError:
            return


def _applied(status: Mapping[str, Any]) -> Applied:
    hooks = "".join(f"\n---\n{hook.get('manifest') or ''}" for hook in status.get("hooks") or ())
    return Applied(
        revision=int(status["version"]),
        status=str(status["info"]["status"]),
        documents=parse_manifest(f"{status.get('manifest') or ''}{hooks}"),
    )


def _revision(entry: Mapping[str, Any]) -> Revision:
    return Revision(
        revision=int(entry["revision"]),
        status=str(entry["status"]),
        chart=str(entry.get("chart") or ""),
        updated=datetime.fromisoformat(entry["updated"]).astimezone(UTC),
        description=str(entry.get("description") or ""),
    )
