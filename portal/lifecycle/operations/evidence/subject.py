"""What all gatherers look at: one change, its releases rendered once, the cluster read once."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from portal.core import clock
from portal.core.errors import SlipwayError
from portal.lifecycle.models import ChangeRequest, Release, ServiceInstance
from portal.lifecycle.operations import seals
from portal.lifecycle.operations.evidence import sights
from portal.lifecycle.operations.evidence.covering import Cover
from portal.lifecycle.operations.evidence.sights import Sight
from portal.lifecycle.operations.judging import judge
from portal.policy import Judgement

T = TypeVar("T")
Documents = tuple[dict[str, Any], ...]


@dataclass(frozen=True)
class Subject:
    """What is dear is found out when it is first asked for, and kept: an error, too, is met once."""

    change: ChangeRequest
    began_at: datetime = field(default_factory=clock.now)
    _kept: dict[Any, Any] = field(default_factory=dict, repr=False)

    @property
    def instance(self) -> ServiceInstance:
        return self.change.subject

    @property
    def current(self) -> Release | None:
        """What runs now; the very object of the change's base, where it is the same release."""
        base = self.change.base_release
        current = self.instance.current_release
        return base if base is not None and current == base else current

    @property
    def source(self) -> ServiceInstance | None:
        """Of a promotion: the instance in the stage before."""
        promoted = self.change.release.promoted_from_id if self.change.release else None
        return self._once("source", lambda: _instance_of(promoted)) if promoted else None

    @property
    def cluster(self) -> str:
        return f"cluster {self.change.environment.cluster.slug}"

    def documents(self, release: Release | None) -> Documents:
        """The release's objects, rendered again and found to be what was sealed; none of none.

        Raises SealBroken, ClusterError.
        """
        if release is None:
            return ()
        self._start()
        rendering = self._rendering(release)
        return self._once(("documents", release.pk), rendering.documents)

    def judgement(self) -> Judgement:
        """What the policies of now say of the new release. Raises as `documents`, and PoliciesUnusable."""
        return self._once("judgement", self._judge)

    def sights(self) -> list[Sight]:
        """The objects of what runs and of what is to run, as the cluster has them. Raises as `documents`."""
        return self._once("sights", self._look)

    def cover(self) -> Cover:
        releases = {self.change.release, self.change.base_release, self.current}
        return self._once("cover", lambda: Cover(releases))

    def _judge(self) -> Judgement:
        release = self.change.release
        if release is None:
            return Judgement(())
        base = self.change.base_release
        return judge(
            self.documents(release),
            release=release,
            instance=self.instance,
            before=base.objects_masked if base else [],
        )

    def _look(self) -> list[Sight]:
        sealed, wanted = self.documents(self.current), self.documents(self.change.release)
        return sights.look(self.instance, sealed, wanted)

    def _start(self) -> None:
        """Begin with all of them at once, since helm takes its time."""
        for release in (self.change.release, self.current):
            if release is not None:
                # what goes wrong is said by whoever asks for its documents
                with suppress(SlipwayError):
                    self._rendering(release)

    def _rendering(self, release: Release) -> seals.Rendering:
        return self._once(("rendering", release.pk), lambda: seals.Rendering(release, instance=self.instance))

    def _once(self, name: Any, work: Callable[[], T]) -> T:
        if name not in self._kept:
            try:
                self._kept[name] = (work(), None)
            except SlipwayError as exc:
                self._kept[name] = (None, exc)
        value, error = self._kept[name]
        if error is not None:
            raise error
        kept: T = value
        return kept


def _instance_of(release_id: int) -> ServiceInstance:
    rows = ServiceInstance.objects.select_related(
        "application__team", "environment__cluster", "offering", "current_release"
    )
    return rows.get(releases=release_id)
