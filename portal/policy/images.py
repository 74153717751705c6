"""Names of container images, as the API server reads them (github.com/distribution/reference)."""

from __future__ import annotations

import re

_ALNUM = r"[a-z0-9]+"
_PART = rf"{_ALNUM}(?:(?:[._]|__|-+){_ALNUM})*"
_HOST_PART = r"(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])"
_HOST = rf"(?:{_HOST_PART}(?:\.{_HOST_PART})*|\[(?:[a-fA-F0-9:]+)\])(?::[0-9]+)?"
_PATH = rf"{_PART}(?:/{_PART})*"
_TAG = r"[\w][\w.-]{0,127}"
_DIGEST = r"[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}"
_REFERENCE = re.compile(rf"^(?:{_HOST}/)?{_PATH}(?::(?P<tag>{_TAG}))?(?:@(?P<digest>{_DIGEST}))?$", re.ASCII)
_ID = re.compile(r"^[a-f0-9]{64}$")
MAX_NAME = 255


def tag_of(image: str) -> str:
    """The tag that an image is pulled by: "latest" when neither a tag nor a digest is given.

    "" for a digest alone, and for what is no name of an image.
    """
    match = _REFERENCE.match(image)
    if match is None or _ID.match(image) or len(image) > MAX_NAME + 300:
        return ""
    return match["tag"] or ("" if match["digest"] else "latest")


def pull_policy(image: str) -> str:
    """Always for `latest`, said or implied; not for a digest alone, nor for what is no image's name."""
    return "Always" if tag_of(image) == "latest" else "IfNotPresent"
