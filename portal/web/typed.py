"""What was posted from a request form, as a sheet: read under the version and plan that were on screen,
shown under those that are chosen now."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from django.http import QueryDict

from portal.core import pointers
from portal.core.documents import check_json, load_mapping
from portal.core.errors import InvalidInput
from portal.web.sheet import VIEWS, Sheet, pick_plan, pick_version
from services_catalog.forms import Field, form_fields, is_reshaped, outline, parse_form
from services_catalog.models import OfferingVersion
from services_catalog.value_fixes import IMAGE, IMAGE_PARTS, Setting, put


def read(data: QueryDict, versions: Sequence[OfferingVersion], saved: Mapping[str, Any] | None) -> Sheet:
    """Nothing that was typed is lost: not under another version or plan, not while YAML cannot be read."""
    before = _on_screen(versions, data.get("shown_version"))
    wanted = data.get("version") or data.get("shown_version")
    after = pick_version(versions, wanted)
    posted = _view(data.get("view"))
    tab = _view(data.get("tab") or posted)
    plan_before, plan = pick_plan(before, data.get("shown_plan")), pick_plan(after, data.get("plan"))
    sheet = Sheet(after, plan, _view(data.get("next_view") or tab), saved=saved, kept=data.get("kept", ""))
    sheet.gone = wanted if wanted and wanted != after.version else ""
    sheet.redrawn = any(data.get(name) for name in ("fix", "drop", "redraw")) or (
        sheet.view != tab or after != before or plan != plan_before
    )
    sheet.other_version = after != before
    carried = _carried(data.get("carried", ""))
    on_screen: tuple[Field, ...] = ()
    if posted == "yaml" and not data.get("drop"):
        _read_yaml(sheet, data.get("yaml", ""), carried)
    elif posted == "yaml":
        sheet.values, sheet.kept = carried, ""
    else:
        on_screen = form_fields(before, plan_before, carried, saved=saved, data=data)
        sheet.values, sheet.data = parse_form(on_screen, data), data
        _split_images(after, sheet.values)
    if sheet.text is None:
        put(sheet.values, _fix(data.get("fix", "")))
    if sheet.data is not None and not sheet.redrawn:
        sheet.redrawn = is_reshaped(data) or outline(on_screen) != outline(sheet.fields)
    return sheet


def _read_yaml(sheet: Sheet, text: str, carried: dict[str, Any]) -> None:
    text = text.replace("\r\n", "\n")
    try:
        sheet.values, sheet.kept = load_mapping(text), text
    except InvalidInput as error:
        sheet.values, sheet.text, sheet.problem = carried, text, error.message
        sheet.line = error.details.get("line") or 0


def _on_screen(versions: Sequence[OfferingVersion], number: str | None) -> OfferingVersion:
    """The version that the form was made of, also when it has left the offer since."""
    picked = pick_version(versions, number)
    if not number or picked.version == number:
        return picked
    rows = picked.offering.versions.select_related("offering").prefetch_related("plans")
    return rows.filter(version=number[:64]).first() or picked


def _split_images(version: OfferingVersion, values: dict[str, Any]) -> None:
    """A whole image reference, pasted where its repository is asked for, is taken apart."""
    for entry in version.values_of:
        place = pointers.parse(entry["values"])
        given = pointers.get(values, (*place, "repository"))
        if entry.get("as") != "image" or not isinstance(given, str):
            continue
        parts = IMAGE.match(given.strip())
        if parts is None or not (parts["tag"] or parts["digest"]):
            continue
        if any(pointers.get(values, (*place, part)) not in (pointers.ABSENT, "") for part in IMAGE_PARTS[1:]):
            continue
        for part in IMAGE_PARTS:
            if parts[part]:
                pointers.put(values, (*place, part), parts[part])


def _view(name: str | None) -> str:
    return name if name in VIEWS else "short"


def _carried(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text or "{}")
    except (ValueError, RecursionError):
        return {}
    check_json(value)
    return value if isinstance(value, dict) else {}


def _fix(text: str) -> list[Setting]:
    """The values of a ready fix or a reset, as the page's button sends them; checked like what is typed."""
    try:
        found = json.loads(text or "[]")
        return [
            Setting(str(each["path"]), each.get("value"), absent="value" not in each)
            for each in found
            if str(each["path"]).startswith("/")
        ]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return []
