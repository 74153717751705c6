"""Icons as inline SVG from the installed icon package: no web font, no flash, the text's own colour."""

from __future__ import annotations

import re
from functools import cache

from django.conf import settings
from django.core import checks
from django.utils.safestring import SafeString, mark_safe

from portal.settings.environment import PROJECT_DIR

FOLDER = PROJECT_DIR / "node_modules" / "@tabler" / "icons" / "icons" / "outline"
FALLBACK = "box"
_NAME = re.compile(r"^[a-z0-9]+(-[a-z0-9]+)*$")
_SHAPES = re.compile(r"<(?:path|circle|rect|line|polyline|ellipse)\b[^>]*/>", re.DOTALL)


@cache
def svg(name: str) -> SafeString:
    """The icon called `name`, hidden from screen readers: a word stands beside it. Unknown: a box."""
    file = FOLDER / f"{name}.svg"
    if not _NAME.match(name) or not file.is_file():
        if name == FALLBACK:
            return mark_safe("")
        return svg(FALLBACK)
    shapes = [shape for shape in _SHAPES.findall(file.read_text()) if 'stroke="none"' not in shape]
    return mark_safe(  # noqa: S308 the package's own drawing, only its shapes
        '<svg class="icon-line" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-linecap="round" '
        f'stroke-linejoin="round" aria-hidden="true">{"".join(shapes)}</svg>'
    )


@checks.register
def front_end_is_installed(**kwargs: object) -> list[checks.CheckMessage]:
    """Pages without their stylesheet would look broken: say what to do."""
    missing = [
        str(folder.relative_to(PROJECT_DIR))
        for folder in (FOLDER, PROJECT_DIR / "node_modules" / "@tabler" / "core" / "dist")
        if not folder.is_dir()
    ]
    if not missing or settings.STATIC_ROOT is None:
        return []
    return [
        checks.Warning(
            f"Not installed: {', '.join(missing)}.", hint="Run `make up`, or `npm ci`.", id="web.W001"
        )
    ]
