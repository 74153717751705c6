"""The functions of Kubernetes' CEL environment, one module a library; importing it makes all known."""

from portal.policy.cel.functions import (  # noqa: F401
    collections,
    formats,
    formatting,
    networks,
    optionals,
    quantities,
    regexes,
    semvers,
    sets,
    texts,
    times,
    urls,
)
from portal.policy.cel.functions.registry import IMPLEMENTATIONS

__all__ = ["IMPLEMENTATIONS"]
