"""A set of policies with their bindings and params: loaded once, judged often, from any thread or process."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from portal.core.digests import digest_of
from portal.core.objects import ObjectKey
from portal.policy import admission, judging
from portal.policy.documents import API_GROUP, BINDING_KIND, POLICY_KIND, Binding, Policy
from portal.policy.reading import read_policy
from portal.policy.reading_bindings import read_binding
from portal.policy.types import (
    ENVIRONMENT_LABEL,
    Admission,
    AdmissionRequest,
    Document,
    Judgement,
    Operation,
    PolicyInvalid,
    PolicyProblem,
    UserInfo,
)
from portal.policy.waivers import Waiver, Waivers, guarded

Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
# examples live beside the policies and are no policies
EXAMPLES = "tests"


class Bundle:
    """Immutable after loading. `params` are the other documents that were loaded along (ConfigMaps, say)."""

    def __init__(
        self, policies: Sequence[Policy], bindings: Sequence[Binding], params: Sequence[Document]
    ) -> None:
        self.policies = tuple(sorted(policies, key=lambda policy: policy.name))
        self.bindings = tuple(sorted(bindings, key=lambda binding: binding.name))
        self.params = tuple(params)
        self.bound: tuple[tuple[Policy, tuple[Binding, ...]], ...] = tuple(
            (policy, tuple(binding for binding in self.bindings if binding.policy == policy.name))
            for policy in self.policies
        )
        self.chosen_by_environment = any(
            requirement.key == ENVIRONMENT_LABEL
            for binding in self.bindings
            for requirement in binding.match.namespaces.requirements
        )
        documents: list[Document] = [policy.document for policy in self.policies]
        documents += [binding.document for binding in self.bindings]
        self.digest = digest_of(sorted(map(digest_of, [*documents, *self.params])))

    def judge(
        self,
        documents: Sequence[Any],
        *,
        operation: Operation = "CREATE",
        namespace: Document | None,
        user: UserInfo,
        old: Mapping[ObjectKey, Document] | None = None,
        params: Sequence[Document] = (),
        waivers: Waivers | None = None,
    ) -> Judgement:
        """What the policies say of documents that somebody wants to apply: all findings at once.

        `namespace` is the Namespace that documents without one land in; its labels are the environment's.
        A document whose key is in `old` is judged as an update of that object. `params` add to the bundle's.
        What one of `waivers` covers does not block, and says so.
        When modes are chosen by environment, a namespaced document without an environment is an error.
        """
        params = (*self.params, *params)
        judge = judging.Judge(self, operation, namespace, user, old or {}, params, waivers or Waivers())
        return judge.judge(documents)

    def rebound(self, bindings: Sequence[Binding]) -> Bundle:
        """The same compiled policies and params, bound otherwise."""
        return Bundle(self.policies, bindings, self.params)

    def narrowed(self, names: Collection[str]) -> Bundle:
        """Only the policies of these names, with their bindings."""
        return Bundle(
            [policy for policy in self.policies if policy.name in names],
            [binding for binding in self.bindings if binding.policy in names],
            self.params,
        )

    def installable(self, waivers: Sequence[Waiver] = ()) -> list[Document]:
        """What a cluster needs for the same verdicts: params, policies with their exceptions, bindings."""
        policies = [guarded(policy.document, waivers) for policy in self.policies]
        return [*self.params, *policies, *(binding.document for binding in self.bindings)]

    def admit(self, request: AdmissionRequest, params: Sequence[Document] = ()) -> Admission:
        """The answer of the API server's validating admission, word for word."""
        return admission.admit(self, request, params)


def load_bundle(source: Path | Sequence[Document]) -> Bundle:
    """Read and compile every policy. Raises PolicyInvalid with all problems at once.

    From a path (a file, or a folder searched for *.yaml outside of `tests` folders) there must be at least
    one policy, and each binding must name one that is there. Documents given directly may be none, as in a
    cluster.
    """
    if isinstance(source, Path):
        return _load_path(source)
    return _build([("", index, document) for index, document in enumerate(source)], strict=False)


def _load_path(path: Path) -> Bundle:
    found: list[tuple[str, int, Any]] = []
    problems: list[PolicyProblem] = []
    for file in policy_files(path):
        name = str(file.relative_to(path)) if file != path else file.name
        try:
            documents = list(yaml.load_all(file.read_text(encoding="utf-8"), Loader=Loader))
        except (yaml.YAMLError, OSError, UnicodeDecodeError) as exc:
            problems.append(PolicyProblem(name, 0, "", "", f"this is not readable YAML: {exc}"))
            continue
        found += [(name, index, document) for index, document in enumerate(documents) if document is not None]
    if problems:
        raise PolicyInvalid(problems)
    if not any(
        isinstance(document, Mapping) and document.get("kind") == POLICY_KIND for _, _, document in found
    ):
        raise PolicyInvalid([PolicyProblem(str(path.name), 0, "", "", "there is no policy here")])
    return _build(found, strict=True)


def policy_files(path: Path) -> list[Path]:
    """The YAML files of a policy folder, in a stable order, without examples."""
    if not path.is_dir():
        return [path]
    files = [file for pattern in ("*.yaml", "*.yml") for file in path.rglob(pattern)]
    return sorted(file for file in files if EXAMPLES not in file.relative_to(path).parts[:-1])


def _build(found: Sequence[tuple[str, int, Any]], *, strict: bool) -> Bundle:
    policies: dict[str, Policy] = {}
    bindings: dict[str, Binding] = {}
    params: list[Document] = []
    problems: list[PolicyProblem] = []

    def keep(target: dict[str, Any], item: Policy | Binding | None, file: str, index: int) -> None:
        if item is None:
            return
        if item.name in target:
            said = f"Duplicate value: {item.name!r} is also in {target[item.name].file or 'another document'}"
            problems.append(PolicyProblem(file, index, item.name, "metadata.name", said))
        target[item.name] = item

    for file, index, document in found:
        if not isinstance(document, Mapping) or not document.get("kind"):
            problems.append(PolicyProblem(file, index, "", "", "this is not a Kubernetes object"))
        elif not _is_admission(document):
            params.append(document)
        elif document["kind"] == POLICY_KIND:
            policy, wrong = read_policy(document, file, index)
            problems += wrong
            keep(policies, policy, file, index)
        else:
            binding, wrong = read_binding(document, file, index)
            problems += wrong
            keep(bindings, binding, file, index)
    if strict:
        problems += _dangling(policies, bindings, problems)
    if problems:
        raise PolicyInvalid(problems)
    return Bundle(list(policies.values()), list(bindings.values()), params)


def _is_admission(document: Mapping[str, Any]) -> bool:
    group = str(document.get("apiVersion") or "").partition("/")[0]
    return group == API_GROUP and document["kind"] in (POLICY_KIND, BINDING_KIND)


def _dangling(
    policies: Mapping[str, Policy], bindings: Mapping[str, Binding], problems: Sequence[PolicyProblem]
) -> list[PolicyProblem]:
    """Bindings of nothing: a misspelt name would switch a policy off without a word."""
    known = set(policies) | {problem.policy for problem in problems}
    return [
        PolicyProblem(
            binding.file, 0, binding.name, "spec.policyName", f"there is no policy {binding.policy!r}"
        )
        for binding in bindings.values()
        if binding.policy not in known
    ]
