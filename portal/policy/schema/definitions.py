"""The OpenAPI definitions of Kubernetes 1.36, read when first asked for."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

Definition = Mapping[str, Any]

PREFIX = "#/$defs/"
META = "io.k8s.apimachinery.pkg.apis.meta.v1."
OBJECT_META = f"{META}ObjectMeta"
_FILE = "kubernetes-json-schema/v1.36.0-local/_definitions.json"


@cache
def definitions() -> dict[str, Definition]:
    """The definitions, by name."""
    # found without importing it: the package pulls in a JSON schema library that is not needed here
    spec = importlib.util.find_spec("kubernetes_validate")
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError(
            "kubernetes_validate, which carries the Kubernetes definitions, is not installed"
        )
    text = Path(spec.submodule_search_locations[0], _FILE).read_text("utf-8")
    found: dict[str, Definition] = json.loads(text)["$defs"]
    return found


@cache
def names_by_kind() -> dict[tuple[str, str, str], str]:
    """Definition names by (group, version, kind)."""
    found: dict[tuple[str, str, str], str] = {}
    for name, definition in definitions().items():
        for each in definition.get("x-kubernetes-group-version-kind") or ():
            found.setdefault((each["group"], each["version"], each["kind"]), name)
    return found
