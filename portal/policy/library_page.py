"""docs/policy-library.md, made from the policies: every policy by category and name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from portal.core.digests import canonical
from portal.policy import sla
from portal.policy.binding_words import in_words, place_of
from portal.policy.bundle import Bundle
from portal.policy.documents import Binding, Policy
from portal.policy.types import Document

Bound = tuple[Policy, Sequence[Binding]]
UNSORTED = "Others"
TOP = """\
<!-- Made by `manage.py policy docs` from the policies. Change those, not this page. -->
# Policy library

What the organisation's policies demand, why, and how to meet it. {count} policies.
[policies.md](policies.md) says how policies are written and how verdicts come about,
[policy-cli.md](policy-cli.md) how to judge files with them.

"Deny" refuses a change, "Warn" lets it pass and says so, "Audit" only keeps a note. A violation that runs
already has to be remedied within the time given."""


def page(bundle: Bundle) -> str:
    """The whole page, Markdown."""
    bound = sorted(bundle.bound, key=lambda item: (_category(item), item[0].name))
    blocks = [TOP.format(count=len(bound))]
    for category, members in groupby(bound, key=_category):
        items: list[Bound] = list(members)
        blocks += [f"## {category}", _contents(items)]
        for policy, bindings in items:
            blocks += _section(policy, bindings, bundle.params)
    return "\n\n".join(blocks) + "\n"


def _category(item: Bound) -> str:
    return item[0].metadata.category or UNSORTED


def _contents(items: Sequence[Bound]) -> str:
    rows = [
        f"| [{policy.name}](#{policy.name}) | {_cell(policy.metadata.title)} | {policy.metadata.severity} "
        f"| {_cell(in_words(bindings))} |"
        for policy, bindings in items
    ]
    return "\n".join(["| policy | what it says | severity | mode |", "|---|---|---|---|", *rows])


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _section(policy: Policy, bindings: Sequence[Binding], params: Sequence[Document]) -> Iterator[str]:
    notes = policy.metadata
    yield f"### {policy.name}"
    yield f"**{notes.title}.** {in_words(bindings)}."
    standards = f" · {', '.join(notes.standards)}" if notes.standards else ""
    time = sla.in_words(sla.time_to_remedy(notes))
    yield f"Severity {notes.severity}, to be remedied within {time}{standards}"
    if notes.rationale:
        yield notes.rationale
    if notes.remediation:
        yield f"*How to fix it:* {notes.remediation}"
    if policy.fix is not None:
        yield "A ready fix is offered with the verdict."
    yield from _settings(bindings, params)
    if policy.file:
        yield f"Source: `policies/{policy.file}`"


def _settings(bindings: Sequence[Binding], params: Sequence[Document]) -> Iterator[str]:
    """The params with their values; where bindings take different ones, each with where it counts."""
    taken = [(binding, tuple(_params_of(binding, params))) for binding in bindings if binding.param_ref]
    differ = len({tuple(map(id, found)) for _, found in taken}) > 1
    seen: set[tuple[int, ...]] = set()
    for binding, found in taken:
        if not found or tuple(map(id, found)) in seen:
            continue
        seen.add(tuple(map(id, found)))
        where = f" {place_of(binding)}" if differ else ""
        names = ", ".join(f"`{each['kind']}/{each['metadata']['name']}`" for each in found)
        lines = [f"- `{key}`: {value}" for each in found for key, value in _values(each)]
        yield "\n".join([f"Settings{where}, in {names}:", "", *lines])


def _params_of(binding: Binding, params: Sequence[Document]) -> Iterator[Document]:
    reference = binding.param_ref
    for param in params:
        metadata = param.get("metadata") or {}
        if reference is None or metadata.get("namespace", reference.namespace) != reference.namespace:
            continue
        if metadata.get("name") == reference.name or (
            reference.selector is not None and reference.selector.matches(metadata.get("labels"))
        ):
            yield param


def _values(param: Document) -> Iterator[tuple[str, str]]:
    """Texts line by line without comments, as policies read them; everything else as JSON."""
    content = param.get("data") if param.get("kind") == "ConfigMap" else param.get("spec")
    for key, value in (content if isinstance(content, Mapping) else {}).items():
        yield str(key), _value(value)


def _value(value: Any) -> str:
    if not isinstance(value, str):
        return f"`{canonical(value).decode()}`"
    lines = [line.strip() for line in value.splitlines()]
    return ", ".join(f"`{line}`" for line in lines if line and not line.startswith("#")) or "nothing"
