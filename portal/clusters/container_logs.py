"""The end of a container's log, bounded in bytes."""

from __future__ import annotations

from urllib.parse import quote

from portal.clusters.api import NotFound, api_for, identity_of
from portal.clusters.errors import ClusterRefused
from portal.clusters.types import Connection

KIB = 1024
# what the kubelet answers where there is nothing to read yet, or any more
NOTHING_YET = ("is waiting to start", "is terminated", "not found")


def tail(
    connection: Connection,
    namespace: str,
    pod: str,
    container: str,
    *,
    lines: int,
    previous: bool = False,
    most_bytes: int = 256 * KIB,
    seconds: float = 10,
) -> tuple[str, bool]:
    """The last lines with their times, and whether there were more than fit into `most_bytes`.

    The API server cuts at the end, where the newest lines are: then fewer lines are asked for. "" before the
    container has started. Raises the errors of `portal.clusters.errors`.
    """
    path = f"/api/v1/namespaces/{quote(namespace, safe='')}/pods/{quote(pod, safe='')}/log"
    query: dict[str, str | int] = {"container": container, "timestamps": "true", "limitBytes": most_bytes + 1}
    if previous:
        query["previous"] = "true"
    wanted = lines
    while True:
        try:
            content = api_for(connection).request(
                "GET",
                path,
                seconds=seconds,
                identity=identity_of(connection),
                query={**query, "tailLines": wanted},
                accept="*/*",
            )
        except NotFound:
            return "", False
        except ClusterRefused as exc:
            if any(words in exc.message for words in NOTHING_YET):
                return "", False
            raise
        if len(content) <= most_bytes or wanted == 1:
            return content[:most_bytes].decode(errors="replace"), wanted < lines
        wanted = max(wanted // 4, 1)
