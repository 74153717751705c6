"""Compiled bundles by their content: judging the same policies again does not compile them again."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

from portal.core.digests import digest_of
from portal.policy.bundle import Bundle, load_bundle
from portal.policy.types import Document, PolicyInvalid


class RecentBundles:
    """The last `size` bundles, refusals too. For one thread."""

    def __init__(self, size: int = 256) -> None:
        self._size = size
        self._known: OrderedDict[str, Bundle | PolicyInvalid] = OrderedDict()
        self.compiled = 0

    def load(self, documents: Sequence[Document]) -> Bundle:
        """As load_bundle. Raises PolicyInvalid."""
        digest = digest_of(documents)
        if digest not in self._known:
            self._known[digest] = self._compile(documents)
            if len(self._known) > self._size:
                self._known.popitem(last=False)
        self._known.move_to_end(digest)
        found = self._known[digest]
        if isinstance(found, PolicyInvalid):
            raise found
        return found

    def _compile(self, documents: Sequence[Document]) -> Bundle | PolicyInvalid:
        self.compiled += 1
        try:
            return load_bundle(documents)
        except PolicyInvalid as exc:
            return exc
