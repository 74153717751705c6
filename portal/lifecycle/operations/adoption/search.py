"""The search: item by item the likeliest values first, each rendered, the whole proved at the end."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from portal.core.objects import key_of
from portal.lifecycle.models import DriftItem
from portal.lifecycle.operations import field_paths, observation
from portal.lifecycle.operations.adoption.candidates import Candidate, candidates
from portal.lifecycle.operations.adoption.goals import Documents, Goal, by_key, goals, strays
from portal.lifecycle.operations.adoption.trials import Exhausted, Refused, Trials, with_settings
from portal.lifecycle.operations.diffing import ABSENT
from portal.lifecycle.operations.evidence.bounds import short_value
from portal.lifecycle.operations.evidence.covering import Cover
from portal.lifecycle.operations.rendering import render_release
from portal.lifecycle.operations.wish import Wish
from services_catalog.value_fixes import Setting

INSTEAD = "Revert it, tolerate it for a time, or ask {owner} for a value that sets it."
FOREIGN = "It is no part of the release, so no value of the chart makes it. Remove it, or tolerate it."
NO_SECRETS = "Secrets are never taken from a cluster. Set the value in the portal, or revert it."
MOVED = "It is not what it was when it was looked at. Scan again, then decide on what is there."
MOST_NAMED, MOST_SAID = 20, 5


@dataclass(frozen=True)
class Answer:
    """What was found out of one item. `code` is "" where `settings` make it; "changes_more" where they do,
    and change what `more` names besides; else why there is no way, which `message` says."""

    item: DriftItem
    settings: tuple[Setting, ...] = ()
    code: str = ""
    message: str = ""
    more: tuple[str, ...] = ()


@dataclass(frozen=True)
class Adoption:
    """`inputs` are the release's with all that can be adopted; `more` is what changes besides."""

    answers: tuple[Answer, ...]
    inputs: dict[str, Any] = field(repr=False)
    more: tuple[str, ...] = ()
    renderings: int = 0

    @property
    def settings(self) -> list[Setting]:
        """Each once, by its place; those of what is adopted."""
        found = {each.path: each for answer in self.answers if not answer.code for each in answer.settings}
        return list(found.values())

    @property
    def adopted(self) -> list[Answer]:
        return [answer for answer in self.answers if not answer.code]

    @property
    def refused(self) -> list[Answer]:
        return [answer for answer in self.answers if answer.code]


@dataclass(frozen=True)
class _Way:
    """Values that were rendered and do it."""

    settings: tuple[Setting, ...]
    inputs: dict[str, Any]
    documents: Documents
    more: tuple[str, ...] = ()


def search(wish: Wish, items: Sequence[DriftItem], *, with_more: bool = False) -> Adoption:
    """Values of the chart that runs with which it renders what `items` have in the cluster, and nothing else;
    `with_more` lets pass what changes along with them, and names it.

    Bounded in renderings and time. Raises ClusterError when the cluster, or what is sealed, cannot be read.
    """
    return _Search(wish, with_more).run(items)


class _Search:
    def __init__(self, wish: Wish, with_more: bool) -> None:
        self.trials, self.with_more = Trials(wish), with_more
        self.version, self.instance, self.base = (
            self.trials.version,
            self.trials.instance,
            self.trials.base,
        )
        rendered = render_release(self.base, instance=self.instance)
        self.sealed = by_key(observation.namespaced(rendered.documents, self.instance))
        self.cover = Cover([self.base])
        self.way = _Way((), dict(self.base.inputs), self.sealed)
        self.reached: list[Goal] = []
        self.more: list[str] = []

    def run(self, items: Sequence[DriftItem]) -> Adoption:
        live = self._live(items)
        found = {item.pk: answer for item in items if (answer := self._barred(item, live))}
        wanted = goals([item for item in items if item.pk not in found], self.sealed, live)
        for goal in wanted:
            answer = self._answer(goal, wanted)
            found |= {item.pk: dataclasses.replace(answer, item=item) for item in goal.items}
        answers = tuple(found[item.pk] for item in items)
        return Adoption(answers, self.way.inputs, tuple(self.more), self.trials.rendered)

    def _live(self, items: Sequence[DriftItem]) -> Documents:
        keys = {item.key for item in items}
        documents = [document for key, document in self.sealed.items() if key in keys]
        found = observation.kubernetes_for(self.instance).live(documents)
        named = zip(documents, found.values(), strict=True)
        return {key_of(document): live for document, live in named if live is not None}

    def _barred(self, item: DriftItem, live: Documents) -> Answer | None:
        """What is not even looked for."""
        if item.how == DriftItem.How.FOREIGN:
            return Answer(item, code="foreign", message=FOREIGN)
        document = live.get(item.key)
        covered = self.cover.document(document) if document is not None else {}
        value, shown = (field_paths.value_at(each, item.path) for each in (document or {}, covered))
        if item.kind == "Secret" or (item.path and shown != value):
            return Answer(item, code="secret", message=NO_SECRETS)
        if not _is_as_recorded(item, document, shown):
            return Answer(item, code="moved", message=MOVED)
        return None

    def _answer(self, goal: Goal, wanted: Sequence[Goal]) -> Answer:
        item = goal.items[0]
        if goal.is_reached(self.way.documents):
            # came along with one before
            self.reached.append(goal)
            return Answer(item, self.way.settings, more=self.way.more)
        try:
            way, refusal = self._way_to(goal, wanted)
        except Exhausted:
            said = f"{self.trials.rendered} renderings found no value that sets it. {self._instead}"
            return Answer(item, code="not_found_in_time", message=said)
        if way is None:
            code = "refused" if refusal else "no_value"
            said = f"{refusal or 'No value of the chart sets it.'} {self._instead}"
            return Answer(item, code=code, message=said)
        more = way.more[:MOST_NAMED]
        if more and not self.with_more:
            places = ", ".join(setting.path for setting in way.settings)
            said = f"{places} sets it, but more would change with it: {'; '.join(more[:MOST_SAID])}."
            return Answer(item, way.settings, code="changes_more", message=said, more=more)
        self.way = way
        self.reached.append(goal)
        self.more += more
        return Answer(item, way.settings, more=more)

    def _way_to(self, goal: Goal, wanted: Sequence[Goal]) -> tuple[_Way | None, str]:
        """The first values that do it and nothing else; of those that change more, the first; or why those
        that were likely are refused. Raises Exhausted."""
        refusals: dict[tuple[str, ...], str] = {}
        besides = None
        for candidate in self._candidates(goal):
            if besides is not None and not candidate.likely:
                break
            try:
                way = self._tried(candidate, goal, wanted)
            except Refused as exc:
                if candidate.likely and goal.how == DriftItem.How.CHANGED:
                    refusals.setdefault(candidate.places, _said(exc))
                continue
            except Exhausted:
                if besides is None:
                    raise
                break
            if way is not None and not way.more:
                return way, ""
            besides = besides or way
            refusals[candidate.places] = ""  # it may be set, if not to that
        return besides, next(filter(None, refusals.values()), "")

    def _candidates(self, goal: Goal) -> list[Candidate]:
        try:
            values = self.trials.values(self.way.inputs)
        except Refused:
            # the plan or the schema is another than when it was sealed; the trials say what is wrong
            values = self.base.values
        return candidates(goal, self.version, values, self.sealed)

    def _tried(self, candidate: Candidate, goal: Goal, wanted: Sequence[Goal]) -> _Way | None:
        inputs = with_settings(self.version, self.way.inputs, candidate.settings)
        documents = self.trials.render(inputs)
        if not all(each.is_reached(documents) for each in (*self.reached, goal)):
            return None
        done = [each for each in wanted if each.is_reached(documents)]
        more = strays(self.way.documents, documents, done)
        return _Way(candidate.settings, inputs, documents, tuple(more))

    @property
    def _instead(self) -> str:
        return INSTEAD.format(owner=self.version.offering.owner or "the offering's owners")


def _is_as_recorded(item: DriftItem, document: Mapping[str, Any] | None, shown: Any) -> bool:
    if item.how == DriftItem.How.MISSING:
        return document is None
    if item.how == DriftItem.How.REMOVED:
        return document is not None and shown is ABSENT
    return shown is not ABSENT and item.live in (shown, short_value(shown))


def _said(exc: Refused) -> str:
    return " ".join(f"{error['path']}: {error['message']}" for error in exc.errors[:3])
