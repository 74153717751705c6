"""What runs is what was decided on: render again, compare, and name the ingredient that differs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from portal.core import clock
from portal.core.digests import digest_of
from portal.core.errors import NotFound, SealBroken, SlipwayError
from portal.core.objects import key_of
from portal.environments.models import Environment
from portal.lifecycle.models import ChangeRequest, PolicyException, Release, ServiceInstance
from portal.lifecycle.operations.rendering import render_release
from portal.lifecycle.selectors import bundle
from portal.policy.environment_digest import digest_in
from services_catalog.archives import ChartUnusable
from services_catalog.chart_cache import unpacked

CRD = "CustomResourceDefinition"
# The ingredients of a release's digest, in the words of pages and errors.
INGREDIENTS: Mapping[str, str] = {
    "chart": "chart",
    "images": "image references",
    "values": "values",
    "objects": "rendered objects",
    "policy": "policy bundle",
    "exceptions": "policy exceptions",
    "target": "target",
}


class AppliedDiffers(SlipwayError):
    """Helm rendered something else in the cluster than what was sealed (a chart that uses `lookup`, say)."""

    code = "applied_differs"
    default_message = "The chart rendered other objects in the cluster than those that were sealed."


def objects_digest(documents: Iterable[Mapping[str, Any]]) -> str:
    """One digest over rendered objects, whatever order they came in."""
    return digest_of(sorted(digest_of(document) for document in documents))


def target_of(environment: Environment, *, namespace: str, release: str) -> dict[str, str]:
    """Where a release goes, as it is sealed."""
    return {
        "cluster": environment.cluster.slug,
        "kube_version": environment.cluster.version,
        "namespace": namespace,
        "release": release,
    }


def retirement_seal(instance: ServiceInstance, base: Release | None) -> str:
    """What a decision on a retirement binds to: the absence of exactly what runs."""
    return digest_of({"retire": instance.pk, "release": base.digest if base else None})


def check_retirement(change: ChangeRequest) -> None:
    """Raise SealBroken unless what runs is what was to be retired."""
    instance = change.subject
    if retirement_seal(instance, instance.current_release) != change.seal:
        raise SealBroken("Another release runs now than the one to retire. Nothing was applied. Ask again.")


def altered(release: Release, instance: ServiceInstance) -> list[str]:
    """Ingredients that are not what was sealed, as far as can be said without rendering.

    Raises PoliciesUnusable: policies that cannot be read are not known to be those that were sealed.
    """
    sealed, stored = release.ingredients, release.current_ingredients()
    found = {name for name in {*sealed, *stored} if sealed.get(name) != stored.get(name)}
    if release.computed_digest() != release.digest:
        found |= set(sealed) - {"exceptions"}
    target = target_of(
        instance.environment, namespace=instance.target.namespace, release=instance.target.release
    )
    if target != sealed.get("target"):
        found.add("target")
    if digest_in(bundle.current(), instance.environment.slug) != sealed.get("policy"):
        found.add("policy")
    if over_exceptions(release):
        found.add("exceptions")
    if not _chart_is_intact(release):
        found.add("chart")
    return [name for name in INGREDIENTS if name in found]


def check(release: Release, instance: ServiceInstance) -> None:
    """Raise SealBroken, naming the ingredients, unless all are what was sealed."""
    differing = altered(release, instance)
    if differing:
        raise broken(differing, release)


def broken(names: Iterable[str], release: Release) -> SealBroken:
    """The refusal that says which ingredient differs, and what to do."""
    names = list(names)
    words = ", ".join(INGREDIENTS[name] for name in names)
    said = f"Not what was sealed: {words}. Nothing was applied."
    if names == ["exceptions"]:
        ids = ", ".join(f"#{pk}" for pk in sorted(over_exceptions(release)))
        said += (
            f" It relies on policy exceptions that count no longer ({ids}). "
            "Remedy what they were for, or ask for new ones; then ask again."
        )
    else:
        said += " Look at what has changed, then seal it again or ask again."
    return SealBroken(said, ingredients=names)


def over_exceptions(release: Release) -> set[int]:
    """Ids of the policy exceptions that the release relies on and that count no longer."""
    relied = set(release.exceptions)
    if not relied:
        return relied
    honoured = PolicyException.objects.honoured_at(clock.now()).filter(pk__in=relied)
    return relied - set(honoured.values_list("pk", flat=True))


def _chart_is_intact(release: Release) -> bool:
    try:
        unpacked(release.chart_id)
    except (ChartUnusable, NotFound):
        return False
    return True


class Rendering:
    """A sealed release on its way of being rendered again, beside whatever else has to be done first."""

    def __init__(self, release: Release, *, instance: ServiceInstance) -> None:
        """Starts at once. Raises SealBroken when the stored release is not what was sealed."""
        stored = release.current_ingredients()
        differing = [name for name in INGREDIENTS if release.ingredients.get(name) != stored.get(name)]
        if not _chart_is_intact(release):  # here, since the thread has no database connection
            differing = ["chart", *(name for name in differing if name != "chart")]
        if differing or release.computed_digest() != release.digest:
            raise broken(differing or INGREDIENTS, release)
        self._release = release
        self._rendered = _renderers.submit(render_release, release, instance=instance)

    def documents(self) -> tuple[dict[str, Any], ...]:
        """Wait for the documents. Raises SealBroken unless they are what was sealed, and ClusterError."""
        rendered = self._rendered.result()
        differing = []
        if list(rendered.images) != self._release.images:
            differing.append("images")
        if objects_digest(rendered.documents) != self._release.objects_digest:
            differing.append("objects")
        if differing:
            raise broken(differing, self._release)
        return rendered.documents


_renderers = ThreadPoolExecutor(max_workers=2, thread_name_prefix="render")


def check_applied(applied: Iterable[Mapping[str, Any]], sealed: Iterable[Mapping[str, Any]]) -> None:
    """Raise AppliedDiffers unless helm recorded exactly the sealed objects (a chart's `crds/` are not
    recorded)."""
    recorded = {digest_of(document) for document in applied}
    wanted = {digest_of(document): document for document in sealed}
    lacking = [doc for digest, doc in wanted.items() if digest not in recorded and doc.get("kind") != CRD]
    if lacking or recorded - set(wanted):
        names = ", ".join(str(key_of(document)) for document in lacking[:5]) or "objects that were not sealed"
        raise AppliedDiffers(f"The chart rendered something else in the cluster than was sealed: {names}.")
