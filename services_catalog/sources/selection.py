"""Which of all the versions that a source lists are taken: the newest few of each chart that is wanted."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from fnmatch import fnmatchcase

from services_catalog import semver
from services_catalog.models import ChartSource
from services_catalog.sources.errors import SourceTooLarge, VersionRefused
from services_catalog.sources.limits import Limits
from services_catalog.sources.offers import Listing, Offer

# as `helm create` has it, and short enough for a column
CHART_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9._-]{0,99}")
LONGEST_VERSION = 64
NOT_READ = frozenset({"name_invalid", "version_invalid", "listed_twice"})


def is_wanted(chart: str, patterns: Iterable[str]) -> bool:
    """`patterns` as a shell has them (`ingress-*`); none means all."""
    patterns = list(patterns)
    return not patterns or any(fnmatchcase(chart, pattern) for pattern in patterns)


def select(source: ChartSource, offers: Iterable[Offer], limits: Limits) -> Listing:
    """Of every chart its newest versions, and those that cannot be told apart or be read, with the reason.

    Raises SourceTooLarge when that would be more than one sync can take.
    """
    by_chart: dict[str, list[Offer]] = defaultdict(list)
    for offer in offers:
        by_chart[offer.chart].append(offer)
    if len(by_chart) > limits.charts:
        raise SourceTooLarge(f"It has more than {limits.charts:,} charts. Name those that are wanted.")
    taken: list[Offer] = []
    listed: set[tuple[str, str]] = set()
    for chart in sorted(by_chart):
        found = [judged(offer) for offer in _once(by_chart[chart])]
        listed.update(offer.key for offer in found)
        taken += newest(found, source.newest, prereleases=source.prereleases)
    if len(taken) > limits.versions:
        raise SourceTooLarge(
            f"These are {len(taken):,} versions; at most {limits.versions:,} are taken. "
            "Name the charts that are wanted, or take fewer versions of each."
        )
    return Listing(taken, frozenset(listed))


def newest(offers: list[Offer], most: int, *, prereleases: bool) -> list[Offer]:
    """The newest `most`, newest first; of what has no order just as many."""
    ordered = [offer for offer in offers if semver.is_semver(_number(offer))]
    ordered.sort(key=lambda offer: semver.precedence(_number(offer)), reverse=True)
    wanted = [offer for offer in ordered if prereleases or not _is_prerelease(offer)]
    odd = [offer for offer in offers if not semver.is_semver(_number(offer))]
    return wanted[:most] + odd[:most]


def judged(offer: Offer) -> Offer:
    """With the reason why it is not even fetched, if there is one."""
    refusal = offer.refusal
    if refusal is None and not CHART_NAME.fullmatch(offer.chart):
        why = "The chart's name is no plain name of letters, digits, dots and hyphens."
        refusal = VersionRefused("name_invalid", why)
    if refusal is None and (not semver.is_semver(_number(offer)) or len(offer.version) > LONGEST_VERSION):
        why = f"{offer.version[:80]!r} is no semantic version such as 1.4.2."
        refusal = VersionRefused("version_invalid", why)
    return replace(offer, chart=offer.chart[:100], version=offer.version[:100], refusal=refusal)


def _once(offers: list[Offer]) -> Iterator[Offer]:
    """Each version once. What stands twice with different digests is neither of the two."""
    found: dict[str, Offer] = {}
    for offer in offers:
        first = found.get(offer.version)
        if first is None:
            found[offer.version] = offer
        elif first.digest != offer.digest:
            why = "The source lists this version more than once, with different digests."
            found[offer.version] = replace(first, refusal=VersionRefused("listed_twice", why))
    yield from found.values()


def _number(offer: Offer) -> str:
    return offer.version.removeprefix("v")


def _is_prerelease(offer: Offer) -> bool:
    return "-" in offer.version.partition("+")[0]
