"""The portal's own library, and beside it an offering whose rollouts take time."""

from __future__ import annotations

import shutil
from pathlib import Path

from tools.paths import ROOT

OURS = ROOT / "services_catalog"
MORE = Path(__file__).parent


def write(folder: Path) -> Path:
    """Make `folder` hold library and charts; the library's folder."""
    for source in (OURS, MORE):
        for part in ("library", "charts"):
            shutil.copytree(source / part, folder / part, dirs_exist_ok=True)
    older, newer = (folder / "charts" / "hooked" / number for number in ("1.0.0", "1.1.0"))
    shutil.copytree(older, newer, dirs_exist_ok=True)
    described = newer / "Chart.yaml"
    described.write_text(described.read_text().replace("version: 1.0.0", "version: 1.1.0"))
    return folder / "library"
