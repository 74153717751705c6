"""What a source may cost. One place, so that tests can be stricter and the documentation can say it."""

from __future__ import annotations

from dataclasses import dataclass

MIB = 1024 * 1024


@dataclass(frozen=True)
class Limits:
    """Of one sync. `seconds` is for all of it, since a worker has other things to do: what is not done by
    then is done by the next one, which follows at once."""

    seconds: float = 240
    index_bytes: int = 64 * MIB
    index_seconds: float = 60
    index_nodes: int = 4_000_000
    archive_bytes: int = 20 * MIB
    archive_seconds: float = 60
    provenance_bytes: int = 256 * 1024
    answer_bytes: int = 4 * MIB  # a list of tags, a manifest, a token
    answer_seconds: float = 15
    git_seconds: float = 120
    git_pack_bytes: int = 128 * MIB
    git_memory_bytes: int = 512 * MIB
    examinations: int = 1_000
    charts: int = 2_000
    versions: int = 5_000
    tags: int = 20_000
    redirects: int = 5


LIMITS = Limits()
