"""What a file of the library says of deprecation, beyond its shape."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from portal.core.pointers import Path
from services_catalog.messages import Problem, problem

ON_THE_WAY_OUT = ("deprecated", "retired")


def problems(document: Mapping[str, Any]) -> list[Problem]:
    """Days that are none, what is said of something that is not deprecated, and successors that are not
    there. The successor of an offering is looked for when all files are read."""
    found = list(_of(document, document.get("lifecycle", "active"), "lifecycle", ()))
    numbers = {entry["version"] for entry in document["versions"]}
    for index, entry in enumerate(document["versions"]):
        place = ("versions", str(index))
        found += _of(entry, entry["status"], "status", place)
        successor = (entry.get("deprecation") or {}).get("successor")
        if successor is not None and (successor not in numbers or successor == entry["version"]):
            said = f"There is no other version {successor} in this file."
            found.append(problem((*place, "deprecation", "successor"), said, "unknown"))
    return found


def _of(entry: Mapping[str, Any], state: str, name: str, place: Path) -> Iterator[Problem]:
    said = entry.get("deprecation")
    if said is None:
        return
    if state not in ON_THE_WAY_OUT:
        message = f"What has a deprecation must have {name}: deprecated."
        yield problem((*place, name), message, "deprecation")
    days = {}
    for each in ("since", "retires_on"):
        try:
            days[each] = date.fromisoformat(said.get(each) or "0001-01-01")
        except ValueError:
            yield problem((*place, "deprecation", each), f"{said[each]} is no day.", "format")
    both = len(days) == 2 and said.get("since") and said.get("retires_on")
    if both and days["retires_on"] <= days["since"]:
        yield problem((*place, "deprecation", "retires_on"), "Must lie after since.", "too_early")
