"""Names that Kubernetes and Helm accept."""

from __future__ import annotations

import re

DNS_LABEL = re.compile(r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?\Z")
# Helm limits a release name to 53 characters, so that names derived from it stay under 63.
MAX_RELEASE_NAME = 53
MAX_NAMESPACE_NAME = 63


def why_not_a_release_name(name: str) -> str | None:
    """Why `name` cannot name an instance (RFC 1123 label, at most 53 characters), or None if it can."""
    if not name:
        return "Give it a name."
    if len(name) > MAX_RELEASE_NAME:
        return f"Use at most {MAX_RELEASE_NAME} characters; this has {len(name)}."
    if not DNS_LABEL.fullmatch(name):
        return "Use lower case letters, digits and '-', starting and ending with a letter or digit."
    if name[0].isdigit():
        return "Start with a letter: a Service may not be named with a leading digit."
    return None
