"""What the node's pods take, kept up to date by events: placing a pod does not count all others."""

from __future__ import annotations

from portal.sandbox import amounts, pods
from portal.sandbox.amounts import Amounts
from portal.sandbox.objects import Object
from portal.sandbox.store import Event

# 10.1.0.0/16, 250 addresses of each 256
_ADDRESSES = 65_000


class Ledger:
    """`count` and `requests` of placed pods that have not ended, and the addresses in use."""

    def __init__(self) -> None:
        self.count = 0
        self.requests: Amounts = {}
        self._addresses: set[str] = set()
        self._next = 0

    def changed(self, event: Event) -> None:
        before = event.previous if event.previous is not None and _counts(event.previous) else None
        after = event.object if event.type != "DELETED" and _counts(event.object) else None
        if before is not None and after is not None and before["spec"] is after["spec"]:
            before = after = None
        if before is not None:
            self.count -= 1
            for name, amount in pods.resources_of(before["spec"], "requests").items():
                self.requests[name] = self.requests[name].minus(amount)
        if after is not None:
            self.count += 1
            self.requests = amounts.add(self.requests, pods.resources_of(after["spec"], "requests"))
        if event.previous is not None:
            self._addresses.discard(_address(event.previous))
        if event.type != "DELETED" and not pods.is_terminal(event.object):
            self._addresses.add(_address(event.object))

    def free_address(self) -> str:
        """An address that no living pod has."""
        while True:
            self._next = self._next % _ADDRESSES + 1
            address = f"10.1.{self._next // 250}.{self._next % 250 + 1}"
            if address not in self._addresses:
                return address


def _counts(pod: Object) -> bool:
    return bool(pod["spec"].get("nodeName")) and not pods.is_terminal(pod)


def _address(pod: Object) -> str:
    address: str = (pod.get("status") or {}).get("podIP", "")
    return address
