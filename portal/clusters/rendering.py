"""`helm template` for charts that nobody trusts: no credentials, no network names, bounded in every way."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from portal.clusters import binary as helm_binary
from portal.clusters import process
from portal.clusters.conceal import concealer
from portal.clusters.errors import (
    ChartDoesNotRender,
    ClusterError,
    HelmKilled,
    HelmMissing,
    RenderLimitExceeded,
)
from portal.clusters.helm_errors import classify
from portal.clusters.manifests import images_of, parse_manifest
from portal.clusters.types import MIB, Capabilities, Rendered, RenderLimits, Target
from portal.core.digests import canonical

DEFAULT_LIMITS = RenderLimits()


def render(
    chart: Path,
    *,
    target: Target,
    values: Mapping[str, Any],
    capabilities: Capabilities | None = None,
    limits: RenderLimits = DEFAULT_LIMITS,
    is_upgrade: bool = False,
    binary: Path | str | None = None,
) -> Rendered:
    """What the chart (a directory or an archive) creates for these values: CRDs, objects, hooks and tests.

    Helm checks the values against the chart's schema. `lookup` finds nothing, since there is no cluster;
    `is_upgrade` is what the chart reads as `.Release.IsUpgrade`.
    Raises ChartDoesNotRender and RenderLimitExceeded.
    """
    chart = checked(chart)
    helm = helm_binary.find(binary)
    argv = [str(helm), "template", target.release, str(chart), "--namespace", target.namespace]
    argv += ["--include-crds", "--values", "-", *(["--is-upgrade"] if is_upgrade else [])]
    if capabilities is not None:
        argv += ["--kube-version", capabilities.kube_version]
        if capabilities.api_versions:
            argv += ["--api-versions", ",".join(capabilities.api_versions)]
    conceal = concealer(values)
    with helm_binary.home() as home:
        try:
            done = process.run(
                argv,
                stdin=canonical(values),
                env={
                    **helm_binary.environment(home, network=False),
                    # collect garbage before the bound is reached rather than die of it
                    "GOMEMLIMIT": f"{limits.memory_bytes * 8 // 10 // MIB}MiB",
                },
                cwd=home,
                bounds=process.Bounds(limits.seconds, limits.output_bytes, limits.memory_bytes),
            )
        except process.ChildTimedOut:
            raise RenderLimitExceeded(f"The chart takes more than {limits.seconds:g} s to render.") from None
        except process.ChildTooLoud:
            raise RenderLimitExceeded(
                f"The chart renders more than {limits.output_bytes / MIB:.3g} MiB of manifest."
            ) from None
        except process.ChildTooLarge:
            raise _too_large(limits) from None
        except OSError as exc:
            raise HelmMissing(f"{helm} cannot be run. {helm_binary.HOW_TO_INSTALL}") from exc
    if done.returncode:
        raise _failure(done, limits, chart, conceal)
    manifest = done.stdout.decode(errors="replace")
    documents = parse_manifest(manifest)
    return Rendered(manifest=manifest, documents=documents, images=images_of(documents))


def checked(chart: Path) -> Path:
    """The chart's absolute path. Helm follows symbolic links, so none may lead out of a chart directory."""
    chart = chart.absolute()
    if chart.is_file():
        return chart
    if not (chart / "Chart.yaml").is_file():
        raise ChartDoesNotRender(f"There is no chart here: {chart.name} has no Chart.yaml.")
    root = chart.resolve()
    for directory, folders, files in os.walk(chart):
        for name in (*folders, *files):
            path = Path(directory, name)
            if path.is_symlink() and not path.resolve().is_relative_to(root):
                raise ChartDoesNotRender(
                    f"The chart's {path.relative_to(chart)} links to a file outside of it."
                )
    return chart


def _failure(done: process.Finished, limits: RenderLimits, chart: Path, conceal: Any) -> ClusterError:
    # Go says so itself, or its runtime breaks where memory was refused
    said = done.stderr
    if "out of memory" in said or "cannot allocate memory" in said:
        return _too_large(limits)
    if said.startswith(("SIGSEGV:", "fatal error:", "runtime:")):
        return _too_large(limits)
    if done.returncode < 0:
        # ended by somebody else: that says nothing of the chart
        return HelmKilled()
    error = classify(done.stderr.replace(str(chart), chart.name), conceal=conceal)
    return error if isinstance(error, ChartDoesNotRender) else ChartDoesNotRender(error.message)


def _too_large(limits: RenderLimits) -> RenderLimitExceeded:
    return RenderLimitExceeded(
        f"The chart takes more than {limits.memory_bytes / MIB:.4g} MiB of memory to render."
    )
