"""From helm's words to our errors. Helm has no error codes; these phrases are those of 3.19 and 4.3."""

from __future__ import annotations

import re
from collections.abc import Callable

from portal.clusters import errors
from portal.clusters.errors import ClusterError

MAX_MESSAGE = 4000


class ReleaseNotFound(errors.HelmFailed):
    """There is no such release; helm.py turns it into an empty answer."""

    code = "release_not_found"


# The first that matches decides, so what is specific stands before what is general.
PHRASES: tuple[tuple[type[ClusterError], tuple[str, ...]], ...] = (
    (ReleaseNotFound, (r"release: not found",)),
    (errors.ReleaseLocked, (r"another operation \(install/upgrade/rollback\) is in progress",)),
    # before what a cluster says: a chart's own `fail` may quote anything
    (
        errors.ChartDoesNotRender,
        (
            r"execution error at \(",
            r"parse error at \(",
            r"template: \S+:\d+",
            r"values don't meet the specifications of the schema",
            r"failed to render chart",
            r"yaml parse error on",
            r"error converting yaml to json",
            r"chart\.yaml file is missing",
            r"found in chart\.yaml, but missing in charts/",
            r"chart requires kubeversion",
            r"cannot load \S+\.yaml",
        ),
    ),
    (
        errors.ClusterRefused,
        (
            r"admission webhook \S+ denied the request",
            r"validatingadmissionpolicy '\S+' with binding",
            r"exceeded quota|failed quota|must specify limits",
            r"violates podsecurity",
            r"(minimum|maximum) \S+ usage per",
        ),
    ),
    (
        errors.ClusterForbidden,
        (
            r"user \"[^\"]*\" cannot |cannot impersonate",
            r"attempting to grant rbac permissions",
            r"asked for the client to provide credentials",
            r"\bunauthorized\b",
        ),
    ),
    (
        errors.ClusterUnreachable,
        (
            r"kubernetes cluster unreachable|connection refused|connection reset by peer|no such host",
            r"no route to host|network is unreachable|i/o timeout|tls handshake|x509:|http2: ",
            r"unexpected eof|: eof\b|etcdserver|too many requests|service unavailable|server is starting",
            r"currently unable to handle the request|couldn't get current server api",
        ),
    ),
    # what helm waits for is of no known status when it could not be read
    (
        errors.ClusterTrouble,
        (r"an error on the server \(|internal error occurred", r"not ready\. status: unknown"),
    ),
    (
        errors.ClusterBusy,
        (
            r"the object has been modified|object is being deleted|because it is being terminated",
            r"secrets \"sh\.helm\.release\.v1\.[^\"]*\" not found",
        ),
    ),
    (
        errors.ClusterConflict,
        (
            r"apply failed with \d+ conflict|conflict occurred while applying",
            r"invalid ownership metadata|already exists",
        ),
    ),
    (
        errors.ClusterRefused,
        (
            r"\bis invalid: |\bis forbidden: |error validating data|strict decoding error|unknown field",
            r"unable to build kubernetes objects|no matches for kind|ensure crds are installed first",
            r"failed to create typed patch object|cannot be handled as a|json: cannot unmarshal",
            r"namespaces \"[^\"]*\" not found",
        ),
    ),
    (
        errors.HelmTimeout,
        (
            r"timed out waiting",
            r"context deadline exceeded|would exceed context deadline",
            r"context canceled",
        ),
    ),
)
RULES = tuple((re.compile("|".join(phrases), re.IGNORECASE), error) for error, phrases in PHRASES)

_NOISE = re.compile(r"^(WARNING: |level=|time=|\S+\.go:\d+: |[IWE]\d{4} |Use --debug flag)")
_REPEAT = re.compile(r"^helm\.go:\d+: ")
_LEAD = re.compile(r"^(Error: )?((INSTALLATION|UPGRADE|ROLLBACK|UNINSTALL) FAILED: )?")


def classify(stderr: str, *, conceal: Callable[[str], str] = str) -> ClusterError:
    """The error that helm's stderr stands for, with its message cleaned and secret values masked."""
    message = conceal(cleaned(stderr))[:MAX_MESSAGE]
    for pattern, error in RULES:
        if pattern.search(message):
            return error(message)
    return errors.HelmFailed(message or None)


def cleaned(stderr: str) -> str:
    """From the last line that starts with `Error:` to its repetition in the debug log, without log lines."""
    lines = [line.rstrip() for line in stderr.splitlines() if line.strip()]
    starts = [index for index, line in enumerate(lines) if line.startswith("Error: ")]
    lines = lines[starts[-1] :] if starts else lines
    repeats = [index for index, line in enumerate(lines) if _REPEAT.match(line)]
    lines = lines[: repeats[0]] if starts and repeats else lines
    text = "\n".join(line for line in lines if not _NOISE.match(line))
    return _LEAD.sub("", text).strip()
