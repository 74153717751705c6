"""What operators of custom kinds share: their kinds come with a definition, and may be gone again."""

from __future__ import annotations

from portal.sandbox.controllers.base import Controller, Key, key_of
from portal.sandbox.objects import Object
from portal.sandbox.store import Event


class Operator(Controller):
    """Looks after the objects of one custom kind, "group/Kind"; others that wake it are named in `also`."""

    kind = ""
    also: tuple[str, ...] = ()

    def watch(self) -> None:
        self.listen(None, self._changed)
        for obj in self.all(self.kind):
            self.queue.add(key_of(obj))

    def served(self, kind: str) -> bool:
        try:
            self.client.resource(kind)
        except KeyError:
            return False
        return True

    def all(self, kind: str) -> list[Object]:
        """The objects of a kind; none while nothing serves it."""
        return self.client.list(kind) if self.served(kind) else []

    def found(self, kind: str, key: Key) -> Object | None:
        return self.client.get(kind, *key) if self.served(kind) else None

    def concerned(self, event: Event) -> list[Key]:
        """Which objects a change of a kind in `also` wakes; all of them unless a subclass knows better."""
        return [key_of(obj) for obj in self.all(self.kind)]

    def _changed(self, event: Event) -> None:
        group, name = event.resource.group, event.resource.kind
        changed = f"{group}/{name}" if group else name
        keys = [key_of(event.object)] if changed == self.kind else []
        if changed in self.also:
            keys += self.concerned(event)
        for key in keys:
            self.queue.add(key)
