"""What may be set for a source. Everything that is wrong is said at once, at its field."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

from portal.clusters.provenance import KeyringUnreadable, dearmoured
from portal.core.errors import ValidationFailed
from portal.core.outbound import addresses
from portal.core.outbound.errors import AddressRefused
from portal.core.outbound.places import place_of
from services_catalog.models import ChartSource, SourceKind
from services_catalog.models.chart_source import LEAST_INTERVAL_SECONDS

Problem = tuple[str, str, str]

RESERVED = frozenset({"library", "new"})
MOST_CHARTS, LONGEST_CHART = 500, 200
MOST_NEWEST = 100
MOST_INTERVAL_SECONDS = 30 * 24 * 60 * 60
LONGEST = {"name": 80, "url": 500, "username": 200, "branch": 200}
LONGEST_SECRET = 8_000
SCHEMES = {
    SourceKind.HELM: ("https", "http"),
    SourceKind.GIT: ("https", "http"),
    SourceKind.OCI: ("oci", "https", "http"),
}
_SLUG = re.compile(r"[a-z0-9]([a-z0-9-]{0,58}[a-z0-9])?")
_REPOSITORY = re.compile(r"[a-z0-9]+([._-]+[a-z0-9]+)*(/[a-z0-9]+([._-]+[a-z0-9]+)*)*")
_FOLDER = re.compile(r"[A-Za-z0-9_.][A-Za-z0-9_.+-]*(/[A-Za-z0-9_.][A-Za-z0-9_.+-]*)*")
_BRANCH = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+-]*(/[A-Za-z0-9_][A-Za-z0-9_.+-]*)*")
_PATTERN = re.compile(r"[A-Za-z0-9._*?\[\]!-]+")


def check(source: ChartSource) -> None:
    """Raises ValidationFailed with all that is wrong, one for each field."""
    found: dict[str, Problem] = {}
    for problem in _problems(source):
        found.setdefault(problem[0], problem)
    if found:
        names = ("path", "message", "code")
        raise ValidationFailed([dict(zip(names, each, strict=True)) for each in found.values()])


def _problems(source: ChartSource) -> Iterator[Problem]:
    if not _SLUG.fullmatch(source.slug) or source.slug in RESERVED:
        yield "/slug", "Up to 60 small letters, digits and hyphens, and neither library nor new.", "invalid"
    if not source.name.strip():
        yield "/name", "Give it a name that people know it by.", "required"
    for name, most in LONGEST.items():
        if len(getattr(source, name)) > most or not getattr(source, name).isprintable():
            yield f"/{name}", f"Up to {most} characters on one line.", "invalid"
    if source.kind not in SCHEMES:
        yield "/kind", "One of helm, oci and git.", "unknown"
        return
    yield from _address(source)
    yield from _credentials(source)
    yield from _signatures(source)
    yield from _charts(source)
    if source.branch and (source.kind != SourceKind.GIT or not _is_branch(source.branch)):
        yield "/branch", "The name of a branch or tag, and only for a Git folder.", "invalid"
    if not 1 <= source.newest <= MOST_NEWEST:
        yield "/newest", f"Between 1 and {MOST_NEWEST} versions of each chart.", "invalid"
    if not LEAST_INTERVAL_SECONDS <= source.interval_seconds <= MOST_INTERVAL_SECONDS:
        yield "/interval_seconds", f"Between {LEAST_INTERVAL_SECONDS} seconds and 30 days.", "invalid"


def _address(source: ChartSource) -> Iterator[Problem]:
    scheme = urlsplit(source.url).scheme if source.url.isascii() else ""
    wanted = SCHEMES[SourceKind(source.kind)]
    if scheme not in wanted:
        yield "/url", f"The address must start with {wanted[0]}://.", "invalid"
        return
    try:
        place = place_of(http_url(source.url))
        if place.literal is not None:
            allowed = settings.SLIPWAY_OUTBOUND_ALLOWED
            addresses.check(place.host, place.literal, allowed, encrypted=place.encrypted)
    except AddressRefused as exc:
        yield "/url", exc.message, exc.code
        return
    parts = urlsplit(source.url)
    if parts.fragment or (parts.query and source.kind != SourceKind.HELM):
        yield "/url", "Take what follows ? or # out of the address.", "invalid"


def http_url(url: str) -> str:
    """Registries are written oci://, and spoken to over https."""
    return "https://" + url.removeprefix("oci://") if url.startswith("oci://") else url


def _credentials(source: ChartSource) -> Iterator[Problem]:
    if source.username and not source.secret:
        yield "/secret", "A user name needs its password or token.", "required"
    secret = source.secret
    if secret and (not isinstance(secret, str) or len(secret) > LONGEST_SECRET or not secret.isprintable()):
        yield "/secret", f"Up to {LONGEST_SECRET} characters on one line.", "invalid"
    if ":" in source.username:
        yield "/username", "A user name holds no colon.", "invalid"


def _signatures(source: ChartSource) -> Iterator[Problem]:
    if source.keyring:
        try:
            dearmoured(source.keyring)
        except KeyringUnreadable as exc:
            yield "/keyring", exc.message, exc.code
    if source.requires_provenance and source.kind == SourceKind.GIT:
        yield "/requires_provenance", "Charts in a Git folder are not signed one by one.", "invalid"
    elif source.requires_provenance and not source.keyring:
        yield "/keyring", "Add the public keys of those whose signatures count.", "required"


def _charts(source: ChartSource) -> Iterator[Problem]:
    charts: Any = source.charts
    if not isinstance(charts, list) or len(charts) > MOST_CHARTS:
        yield "/charts", f"A list of up to {MOST_CHARTS} texts.", "invalid"
        return
    shape, what = {
        SourceKind.HELM: (_PATTERN, "a chart's name or a pattern such as ingress-*"),
        SourceKind.OCI: (_REPOSITORY, "a repository such as charts/nginx"),
        SourceKind.GIT: (_FOLDER, "a folder such as deploy/charts"),
    }[SourceKind(source.kind)]
    for chart in charts:
        if not isinstance(chart, str) or len(chart) > LONGEST_CHART or not shape.fullmatch(chart):
            yield "/charts", f"{str(chart)[:80]!r} is not {what}.", "invalid"
        elif source.kind == SourceKind.GIT and ".." in chart.split("/"):
            yield "/charts", "A folder's path has no .. in it.", "invalid"
    if source.kind == SourceKind.OCI and not charts:
        yield "/charts", "Name the repositories: a registry does not say what it has.", "required"


def _is_branch(text: str) -> bool:
    """As `git check-ref-format` has it, and narrower."""
    return bool(_BRANCH.fullmatch(text)) and ".." not in text and not text.endswith((".lock", "."))
