"""A library of small charts from tests/data/charts, offered as they are."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import yaml

CHARTS = Path(__file__).parents[1] / "data" / "charts"


def write(folder: Path, *names: str, offering: dict[str, Any] | None = None, **version: Any) -> Path:
    """The library's folder; each chart is an offering of its own name with one active version."""
    (folder / "library").mkdir(parents=True, exist_ok=True)
    for name in names:
        shutil.copytree(CHARTS / name, folder / "charts" / name, dirs_exist_ok=True)
        document = {
            "offering": name,
            "name": name.replace("-", " ").capitalize(),
            "summary": "A chart of the tests.",
            "description": "It is small.",
            "when_not_to_use": "Always.",
            "category": "Tests",
            "owner": "Tests",
            "versions": [
                {
                    "version": "1.0.0",
                    "status": "active",
                    "chart": name,
                    "plans": [plan("small", default=True)],
                    **version,
                }
            ],
            **(offering or {}),
        }
        (folder / "library" / f"{name}.yaml").write_text(yaml.safe_dump(document, sort_keys=False))
    return folder / "library"


def plan(slug: str, *, default: bool = False, **values: Any) -> dict[str, Any]:
    return {
        "slug": slug,
        "name": slug.capitalize(),
        "description": "As it comes.",
        "price_cents_per_month": 0,
        "default": default,
        "values": values,
    }
