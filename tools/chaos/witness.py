"""Watches the cluster beside the portal: every revision that helm wrote, every job of a hook that ran."""

from __future__ import annotations

import threading
from collections import defaultdict
from dataclasses import dataclass, field

from tools.chaos.cluster import Cluster, ClusterSaidNo, record_of

SECONDS = 0.4
TEXT = "slipway.dev/text"


@dataclass
class Seen:
    """One revision of a release; a Secret that is deleted and made again is another one."""

    namespace: str
    release: str
    revision: int
    description: str
    statuses: set[str] = field(default_factory=set)

    @property
    def completed(self) -> bool:
        """Helm has come to the end of it."""
        return bool(self.statuses & {"deployed", "superseded"})


class Witness:
    """Asks past the portal's link, several times a second; a cluster that is down is asked again."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self.revisions: dict[str, Seen] = {}
        # text of a goal → uids of the jobs that its hook has made
        self.hooks: dict[str, set[str]] = defaultdict(set)
        self._versions: dict[str, str] = {}
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="witness", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """After one more look."""
        self._over.set()
        self._thread.join(30)
        self._look()

    def _watch(self) -> None:
        while not self._over.wait(SECONDS):
            try:
                self._look()
            except (OSError, ClusterSaidNo):
                continue

    def _look(self) -> None:
        secrets = self._cluster.request("GET", "/api/v1/secrets?labelSelector=owner%3Dhelm")
        for item in secrets["items"]:
            metadata = item["metadata"]
            if self._versions.get(metadata["uid"]) == metadata["resourceVersion"]:
                continue
            found = record_of(item)
            seen = self.revisions.setdefault(
                metadata["uid"], Seen(found.namespace, found.release, found.revision, "")
            )
            seen.description = found.description
            seen.statuses.add(found.status)
            self._versions[metadata["uid"]] = metadata["resourceVersion"]
        for job in self._cluster.request("GET", "/apis/batch/v1/jobs")["items"]:
            text = (job["metadata"].get("annotations") or {}).get(TEXT)
            if text:
                self.hooks[text].add(job["metadata"]["uid"])
