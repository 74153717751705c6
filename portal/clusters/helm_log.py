"""Helm's debug log, as a person wants to follow it: 3.19 and 4.3 differ, and much of it is noise."""

from __future__ import annotations

import json
import re

# what says nothing about the release, or where things are on this machine
NOISE = re.compile(
    r"^(chart path|chart name|original chart version|number of dependencies|unmarshalled json schema"
    r"|getting (release history|last revision)|using server-side apply|determined release apply method"
    r"|setting version to)",
    re.IGNORECASE,
)
_HELM_4 = re.compile(r"^(?:time=\S+ )?level=\w+ msg=(?P<message>\"(?:\\.|[^\"\\])*\"|\S*)(?P<rest>.*)$")
_HELM_3 = re.compile(r"^\S+\.go:\d+: (?:\S+ \S+ \S+ \S+ m=\S+ )?\[debug\] (?P<message>.*)$")
_ATTRIBUTE = re.compile(r" ([\w.-]+)=(\"(?:\\.|[^\"\\])*\"|\S*)")
_STARTS_REPEAT = re.compile(r"^helm\.go:\d+: ")


def readable(line: str) -> str | None:
    """The line in plain words, or None for noise."""
    if _STARTS_REPEAT.match(line):
        return None
    if match := _HELM_3.match(line):
        text = match["message"].strip()
    elif match := _HELM_4.match(line):
        text = _sentence(_unquoted(match["message"]), match["rest"])
    else:
        text = line.strip()
    return None if not text or NOISE.match(text) else text


def _sentence(message: str, rest: str) -> str:
    found = {name: _unquoted(value) for name, value in _ATTRIBUTE.findall(rest)}
    kind = found.pop("gvk", "").rpartition("Kind=")[2] or found.pop("kind", "")
    found.pop("namespace", None)
    if kind and "name" in found:
        message = f"{message}: {kind}/{found.pop('name')}"
    details = ", ".join(f"{name} {value}" for name, value in found.items() if value)
    return f"{message} ({details})" if details else message


def _unquoted(text: str) -> str:
    if not text.startswith('"'):
        return text
    try:
        return str(json.loads(text))
    except ValueError:  # Go's quoting knows escapes that JSON does not
        return text.strip('"')
