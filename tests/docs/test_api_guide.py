"""docs/api.md speaks of every part of the API."""

from __future__ import annotations

import re

from portal.api.v1.urls import router
from portal.web.documents import library


def test_every_collection_is_spoken_of() -> None:
    said = re.sub(r"\{[a-z_]*\}", "{}", library.named("api").source)
    for prefix, _, _ in router.registry:
        first = re.sub(r"\(\?P<[^>]+>[^)]*\)", "{}", prefix).split("/{}")[0]
        assert f"{first}/" in said, prefix
