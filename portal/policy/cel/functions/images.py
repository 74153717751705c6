"""`image` (apiserver/pkg/cel/library/imagelib.go): the parts of a container image reference."""

from __future__ import annotations

import re
from dataclasses import dataclass

from portal.policy.cel.functions.declare import BOOL, STRING, Function, function, method, opaque

IMAGE = opaque("image", "kubernetes.Image")
DEFAULT_REGISTRY = "docker.io"
_PATH = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_REPOSITORY = re.compile(rf"{_PATH}(?:/{_PATH})*")
_REGISTRY = re.compile(r"(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9a-fA-F:]+\])(?::\d+)?")
_TAG = re.compile(r"\w[\w.-]{0,127}")
_DIGEST = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}")
MAX_REPOSITORY = 255


@dataclass(frozen=True)
class _Reference:
    registry: str
    repository: str
    tag: str
    digest: str


def _parse(text: str) -> _Reference:
    rest, at, digest = text.partition("@")
    first, slash, remainder = rest.partition("/")
    has_registry = bool(slash) and (
        "." in first or ":" in first or first == "localhost" or first != first.lower()
    )
    registry, path = (first, remainder) if has_registry else (DEFAULT_REGISTRY, rest)
    repository, colon, tag = path.partition(":")
    if registry == DEFAULT_REGISTRY and "/" not in repository:
        repository = f"library/{repository}"
    valid = (
        _REGISTRY.fullmatch(registry)
        and _REPOSITORY.fullmatch(repository)
        and len(repository) <= MAX_REPOSITORY
        and (not colon or _TAG.fullmatch(tag))
        and (not at or _DIGEST.fullmatch(digest))
    )
    if not valid:
        raise ValueError(f"could not parse reference: {text}")
    return _Reference(registry, repository, tag, digest)


def _is_image(text: str) -> bool:
    try:
        _parse(text)
    except ValueError:
        return False
    return True


def _image(text: str) -> bytes:
    _parse(text)
    return IMAGE.pack(text)


def _read(packed: bytes) -> _Reference:
    return _parse(IMAGE.unpack(packed))


def _identifier(packed: bytes) -> str:
    reference = _read(packed)
    return reference.digest or reference.tag or "latest"


FUNCTIONS: tuple[Function, ...] = (
    function("image", IMAGE, [STRING], _image),
    function("isImage", BOOL, [STRING], _is_image),
    method("registry", STRING, [IMAGE], lambda i: _read(i).registry),
    method("repository", STRING, [IMAGE], lambda i: _read(i).repository),
    method("tag", STRING, [IMAGE], lambda i: _read(i).tag or ("" if _read(i).digest else "latest")),
    method("digest", STRING, [IMAGE], lambda i: _read(i).digest),
    method("identifier", STRING, [IMAGE], _identifier),
    method("containsDigest", BOOL, [IMAGE], lambda i: bool(_read(i).digest)),
)
