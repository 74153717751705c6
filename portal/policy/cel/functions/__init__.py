"""The CEL libraries that Kubernetes adds, one module each; `ALL` is what the environments declare.

Values that JSON cannot say (a quantity, an address) travel through the evaluator as tagged bytes: no document
holds bytes, and equal values have equal bytes, so `==` means what it should.
"""

from portal.policy.cel.functions import (
    formats,
    images,
    lists,
    networks,
    quantities,
    regexes,
    semvers,
    sets,
    urls,
)
from portal.policy.cel.functions.declare import Function

ALL: tuple[Function, ...] = (
    *formats.FUNCTIONS,
    *images.FUNCTIONS,
    *lists.FUNCTIONS,
    *networks.FUNCTIONS,
    *quantities.FUNCTIONS,
    *regexes.FUNCTIONS,
    *semvers.FUNCTIONS,
    *sets.FUNCTIONS,
    *urls.FUNCTIONS,
)

__all__ = ["ALL", "Function"]
