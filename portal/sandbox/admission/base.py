"""A plugin that does nothing, to build on; and what plugins share."""

from __future__ import annotations

from portal.sandbox.contexts import Attributes


class Plugin:
    """Both halves let everything through; plugins override the half that concerns them."""

    def mutate(self, attrs: Attributes) -> None:
        return None

    def validate(self, attrs: Attributes) -> None:
        return None


def is_pod_creation(attrs: Attributes) -> bool:
    return attrs.operation == "CREATE" and is_plain(attrs, "", "pods")


def is_plain(attrs: Attributes, group: str, plural: str) -> bool:
    """The resource itself, not one of its subresources."""
    return (attrs.resource.group, attrs.resource.plural, attrs.subresource) == (group, plural, "")
