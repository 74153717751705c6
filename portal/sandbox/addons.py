"""Addons: what a platform team installs beside Kubernetes, as definitions and classes; one file each.

Their operators are among the controllers, which have nothing to do until the definitions are there.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from portal.sandbox import bootstrap

if TYPE_CHECKING:
    from portal.sandbox.cluster import Cluster

FOLDER = Path(__file__).parent / "data" / "addons"
DEFINITION = "CustomResourceDefinition"


def known() -> list[str]:
    """The names that `--addons` takes."""
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))


def chosen(text: str) -> tuple[str, ...]:
    """The names of a comma-separated list, or `all`. Raises ValueError for one that there is not."""
    names = known() if text == "all" else [name for name in text.split(",") if name]
    if unknown := sorted(set(names) - set(known())):
        raise ValueError(f"There is no addon {', '.join(unknown)}; there are {', '.join(known())}.")
    return tuple(names)


def documents(name: str) -> list[dict[str, Any]]:
    """The addon's objects, definitions first."""
    text = (FOLDER / f"{name}.yaml").read_text("utf-8")
    return sorted(yaml.safe_load_all(text), key=lambda document: document["kind"] != DEFINITION)


def install(cluster: Cluster, names: Iterable[str]) -> None:
    """Create what is missing. What somebody changed since stays as it is."""
    wanted = [document for name in names for document in documents(name)]
    for document in wanted:
        if document["kind"] == DEFINITION:
            bootstrap.ensure(cluster, document)
    cluster.custom_resources.start()
    for document in wanted:
        if document["kind"] != DEFINITION:
            bootstrap.ensure(cluster, document)
