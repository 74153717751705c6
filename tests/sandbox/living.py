"""A sandbox cluster inside the test's own process: the store, admission and controllers, without HTTP."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import yaml

from portal.sandbox.cluster import Cluster
from portal.sandbox.contexts import RequestContext
from portal.sandbox.objects import clone
from portal.sandbox.users import ADMIN, UserInfo

Object = dict[str, Any]
TEAM = "team"
LONGEST_WAIT_SECONDS = 10.0
QUIET_TURNS = 15


class LivingCluster:
    """Its event loop only turns inside the calls below, so a test sees nothing change under it."""

    def __init__(self, *addons: str) -> None:
        self._loop = asyncio.new_event_loop()
        self.cluster = Cluster(None, addons=addons)
        self.store = self.cluster.store
        self._inside(self.cluster.start)
        self.create(f"apiVersion: v1\nkind: Namespace\nmetadata: {{name: {TEAM}}}")

    def stop(self) -> None:
        self._inside(self.cluster.stop)
        self._loop.close()

    def create(self, text: str, user: UserInfo = ADMIN, *, dry_run: bool = False) -> Object:
        """Create the one object of a YAML text, in the team's namespace unless it says otherwise."""
        obj = yaml.safe_load(text)
        resource = self.resource(obj["apiVersion"], obj["kind"])
        if resource.namespaced:
            obj["metadata"].setdefault("namespace", TEAM)
        self.warnings: list[str] = []
        context = RequestContext(user, field_manager="test", dry_run=dry_run, warnings=self.warnings)
        return self._inside(lambda: self.cluster.registry.create(resource, obj, ctx=context))

    def change(self, obj: Object, change: Callable[[Object], None], user: UserInfo = ADMIN) -> Object:
        changed = clone(obj)
        change(changed)
        context = RequestContext(user, field_manager="test")
        resource = self.resource(obj["apiVersion"], obj["kind"])
        return self._inside(lambda: self.cluster.registry.update(resource, changed, ctx=context))

    def delete(self, obj: Object, propagation: str = "Background") -> None:
        metadata = obj["metadata"]
        context = RequestContext(ADMIN, propagation=propagation)
        resource = self.resource(obj["apiVersion"], obj["kind"])
        namespace = metadata.get("namespace", "")
        self._inside(lambda: self.cluster.registry.delete(resource, namespace, metadata["name"], ctx=context))

    def fresh(self, obj: Object) -> Object | None:
        metadata = obj["metadata"]
        return self.store.get(
            self.resource(obj["apiVersion"], obj["kind"]), metadata.get("namespace"), metadata["name"]
        )

    def get(self, api_version: str, kind: str, name: str, namespace: str = TEAM) -> Object | None:
        resource = self.resource(api_version, kind)
        return self.store.get(resource, namespace if resource.namespaced else None, name)

    def all(self, api_version: str, kind: str, namespace: str | None = TEAM) -> list[Object]:
        return self.store.list(self.resource(api_version, kind), namespace)

    def resource(self, api_version: str, kind: str) -> Any:
        found = self.cluster.resources.by_api_version(api_version, kind)
        assert found is not None, f"{api_version} {kind} is not served"
        return found

    def until(self, condition: Callable[[], Any], seconds: float = LONGEST_WAIT_SECONDS) -> float:
        """Let the cluster live until `condition` holds; returns the seconds that took."""
        return self._loop.run_until_complete(self._wait(condition, seconds))

    def settle(self) -> None:
        """Let the cluster live until nothing has been written for a while."""

        async def quiet() -> None:
            seen, turns = -1, 0
            # counted in turns, not in time: on a busy machine time passes without the cluster living
            while turns < QUIET_TURNS:
                turns = turns + 1 if self.store.revision == seen else 0
                seen = self.store.revision
                await asyncio.sleep(0.01)

        self._loop.run_until_complete(asyncio.wait_for(quiet(), LONGEST_WAIT_SECONDS))

    async def _wait(self, condition: Callable[[], Any], seconds: float) -> float:
        started = time.monotonic()
        while not condition():
            assert time.monotonic() - started < seconds, "the cluster did not get there in time"
            await asyncio.sleep(0.002)
        return time.monotonic() - started

    def _inside(self, work: Callable[[], Any]) -> Any:
        async def turn() -> Any:
            return work()

        return self._loop.run_until_complete(turn())
