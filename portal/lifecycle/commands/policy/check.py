"""Judge Kubernetes objects in files, as the portal would.

Ends with 0 when nothing blocks, 1 when something does, 2 when it could not be judged: a file that cannot be
read, policies that cannot be used, an environment that is not named.
"""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from portal.core.objects import ObjectKey, key_of
from portal.lifecycle.commands.policy import sources, stages
from portal.lifecycle.commands.policy.console import Console, add_output, add_policies
from portal.lifecycle.commands.policy.sources import Source
from portal.lifecycle.commands.policy.stages import Stage
from portal.lifecycle.commands.policy.standing import Standing, policies_in_force, standing_of
from portal.lifecycle.operations.rendering import deployer_of
from portal.policy import Bundle, UserInfo, Verdict
from portal.policy.expansion import in_namespace, why_not_an_object
from portal.policy.matching import labels_of
from portal.policy.reports import Placed, Report, json, sarif, text
from portal.policy.resources import Resources
from portal.policy.types import Document

HELP = "judge YAML and JSON files, as the portal would; for CI"
DEFINITION = "CustomResourceDefinition"
GROUPS = ("system:serviceaccounts", "system:authenticated")


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("files", nargs="+", metavar="FILE", help="files, folders, or - for standard input")
    which = parser.add_mutually_exclusive_group()
    which.add_argument(
        "--environment",
        action="append",
        default=[],
        metavar="SLUG",
        help="whose modes count; may be repeated. The label slipway.dev/environment=SLUG stands for it",
    )
    which.add_argument(
        "--all-environments", action="store_true", help="every environment in the portal's database"
    )
    parser.add_argument(
        "--label",
        action="append",
        default=[],
        type=_label,
        metavar="KEY=VALUE",
        help="a further label of the namespace; may be repeated",
    )
    parser.add_argument("--offline", action="store_true", help="do not ask the portal's database")
    parser.add_argument("--namespace", default="default", help="where objects without a namespace land")
    parser.add_argument(
        "--application",
        metavar="SLUG",
        help="judge in its namespace, with the exceptions that it was granted",
    )
    parser.add_argument("--instance", metavar="NAME", help="which instance of the application the files are")
    parser.add_argument(
        "--old",
        nargs="+",
        default=[],
        metavar="FILE",
        help="the objects as they are now: what is in both is judged as an update",
    )
    parser.add_argument(
        "--fail-on", choices=("deny", "warn"), default="deny", help="what makes the exit status 1"
    )
    parser.add_argument(
        "--docs-url", default="", metavar="URL", help="what the policies' docs are relative to, for SARIF"
    )
    parser.add_argument("--as", metavar="USER", help="who asks; without it the namespace's deployer")
    parser.add_argument(
        "--as-group", action="append", default=[], metavar="GROUP", help="a group of USER's; may be repeated"
    )
    add_policies(parser)
    add_output(parser, "text", "json", "sarif")


def _label(value: str) -> tuple[str, str]:
    key, equals, content = value.partition("=")
    if not key or not equals:
        raise ArgumentTypeError(f"{value!r} is no label: write KEY=VALUE")
    return key, content


def run(options: Mapping[str, Any], console: Console) -> int:
    bundle = policies_in_force(options)
    wanted = stages.Wanted(
        options["environment"], options["all_environments"], dict(options["label"]), options["offline"]
    )
    chosen = stages.stages(wanted, bundle, console.notes)
    found = sources.read(options["files"])
    old = sources.read(options["old"]).items if options["old"] else ()
    user = UserInfo(options["as"], tuple(options["as_group"])) if options["as"] else None
    check = Check(bundle, found.items, old, options["namespace"], user, standing_of(options))
    report = Report(
        placed=[placed for stage in chosen for placed in check.placed(stage)],
        policies=bundle.policies,
        digest=bundle.digest,
        files=found.files,
        objects=len(found.items),
        environments=[stage.slug for stage in chosen if stage.slug],
    )
    console.out.write(_rendered(report, options, console) + "\n")
    judgement = report.judgement
    strict = options["fail_on"] == "warn"
    warned = any(verdict.outcome == "warn" for verdict in judgement.verdicts)
    return int(not judgement.allowed or (strict and warned))


def _rendered(report: Report, options: Mapping[str, Any], console: Console) -> str:
    if options["output"] == "json":
        return json.render(report)
    if options["output"] == "sarif":
        return sarif.render(report, docs_url=options["docs_url"])
    return text.render(report, colour=console.colour)


@dataclass(frozen=True)
class Check:
    """Objects from files, judged one by one so that each verdict knows its place."""

    bundle: Bundle
    items: Sequence[Source]
    old: Sequence[Source]
    namespace: str
    # None: the deployer of the namespace that an object lands in, as in the portal
    user: UserInfo | None = None
    standing: Standing | None = None

    def placed(self, stage: Stage) -> Iterator[Placed]:
        definitions = self._definitions()
        namespaces = {
            key_of(item.document).name: item.document for item in self.items if _is_namespace(item.document)
        }
        landing = self.standing.namespace_in(stage) if self.standing else self.namespace
        excepted = self.standing.waivers_in(stage) if self.standing else None
        before = self._before(landing)
        for item in self.items:
            name = _namespace_of(item.document, landing)
            verdicts = self._verdicts(
                item.document,
                definitions,
                old=before,
                namespace=_namespace(name, namespaces.get(name), stage),
                user=self.user or UserInfo(deployer_of(name), GROUPS),
                waivers=excepted,
            )
            yield from (Placed(verdict, item.file, item.line, stage.slug) for verdict in verdicts)

    def _verdicts(
        self, document: Any, definitions: Mapping[tuple[str, str], Document], **scene: Any
    ) -> list[Verdict]:
        """A custom resource is judged beside its definition, which knows its plural and its scope."""
        definition = definitions.get(_kind_of(document))
        beside = [definition] if definition is not None else []
        verdicts = self.bundle.judge([document, *beside], **scene).verdicts
        return [verdict for verdict in verdicts if not beside or verdict.key.kind == document["kind"]]

    def _definitions(self) -> dict[tuple[str, str], Document]:
        found = {}
        for document in self._objects(self.items):
            if document["kind"] == DEFINITION and isinstance(document.get("spec"), Mapping):
                spec = document["spec"]
                names = spec.get("names")
                kind = names.get("kind") if isinstance(names, Mapping) else None
                found[(str(spec.get("group")), str(kind))] = document
        return found

    def _before(self, landing: str) -> dict[ObjectKey, Document]:
        """The old objects under the keys that the new ones have once they are in their namespace."""
        documents = list(self._objects(self.old))
        resources = Resources([*documents, *self._objects(self.items)])
        placed = (
            in_namespace(
                each, resources.of(str(each["apiVersion"]), str(each["kind"])), _namespace_of(each, landing)
            )
            for each in documents
        )
        return {key_of(document): document for document in placed}

    def _objects(self, items: Sequence[Source]) -> Iterator[Document]:
        return (item.document for item in items if not why_not_an_object(item.document))


def _namespace_of(document: Any, landing: str) -> str:
    metadata = document.get("metadata") if isinstance(document, Mapping) else None
    named = metadata.get("namespace") if isinstance(metadata, Mapping) else None
    return named if isinstance(named, str) and named else landing


def _kind_of(document: Any) -> tuple[str, str]:
    if why_not_an_object(document):
        return ("", "")
    return str(document["apiVersion"]).rpartition("/")[0], str(document["kind"])


def _is_namespace(document: Any) -> bool:
    # "" is the core group
    return _kind_of(document) == ("", "Namespace")


def _namespace(name: str, own: Document | None, stage: Stage) -> Document:
    """The Namespace as it will be: its labels in the files, and those that the environment gives it."""
    labels = {**labels_of(own), "kubernetes.io/metadata.name": name, **stage.labels}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}
