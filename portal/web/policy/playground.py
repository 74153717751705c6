"""The playground: pasted objects, what the policies say of them, and ready fixes applied. Nothing is kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.http import QueryDict

from portal.core.errors import InvalidInput
from portal.core.objects import ObjectKey
from portal.environments.models import Environment
from portal.lifecycle.selectors import bundle
from portal.lifecycle.services import evaluations
from portal.policy import Verdict
from portal.policy.fixes import PatchInapplicable
from portal.web import judgements
from portal.web.judgements import Grouped
from portal.web.policy import pasted

# findings of a kind; more are only counted, since nobody reads them at once
MOST_SHOWN = 100


@dataclass
class Trial:
    """One look at what was pasted. `applied` says which fix is in the text now; `problem` why nothing is
    judged."""

    environments: Sequence[Environment]
    environment: Environment | None
    text: str = ""
    only: str = ""
    problem: str = ""
    applied: str = ""
    too_late: bool = False
    count: int = 0
    verdicts: Grouped = field(default_factory=lambda: judgements.grouped(()))
    documents: Mapping[ObjectKey, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def shown(self) -> Grouped:
        """What is listed; all are counted."""
        return self.verdicts.first(MOST_SHOWN)

    @property
    def is_cut(self) -> bool:
        return max(len(self.verdicts.blocking), len(self.verdicts.noted)) > MOST_SHOWN

    @property
    def is_judged(self) -> bool:
        return self.count > 0 and not self.problem

    def judge(self) -> tuple[Verdict, ...]:
        """Read the text and judge it; what cannot be read is said in `problem`."""
        self.problem = ""
        if not self.text.strip() or self.environment is None:
            return ()
        try:
            found = pasted.read(self.text)
        except InvalidInput as error:
            self.problem = error.message
            return ()
        verdicts = evaluations.evaluate(found.objects, self.environment, only=self.only).verdicts
        self.count = len(found.objects)
        self.verdicts = judgements.grouped(verdicts)
        self.documents = found.by_key([verdict for verdict in verdicts if verdict.fix])
        return verdicts

    def apply(self, name: str) -> None:
        """Put the ready fix of this name into the text, if it still belongs there, and judge again."""
        verdict = next((each for each in self.judge() if each.fix and fix_name(each) == name), None)
        if verdict is None:
            self.too_late = not self.problem
            return
        try:
            self.text = pasted.read(self.text).fixed(verdict)
        except PatchInapplicable:
            self.too_late = True
            return
        self.applied = f"{verdict.title}: {verdict.key}"
        self.judge()


def of_post(data: QueryDict) -> Trial:
    """What was typed, judged; with a fix applied where a button says which."""
    trial = blank(data)
    trial.text = data.get("yaml", "")
    if name := data.get("fix"):
        trial.apply(name)
    else:
        trial.judge()
    return trial


def blank(data: QueryDict) -> Trial:
    """Nothing pasted yet, in the environment and for the policy that the address names."""
    environments = list(Environment.objects.all())
    slug = data.get("environment", "")
    chosen = next(
        (each for each in environments if each.slug == slug), environments[0] if environments else None
    )
    only = data.get("policy", "")
    known = any(policy.name == only for policy in bundle.current().policies)
    return Trial(environments, chosen, only=only if known else "")


def fix_name(verdict: Verdict) -> str:
    """Which fix a button means; the same for the same finding in the same text."""
    parts = (verdict.policy, verdict.rule, verdict.path, *verdict.key.as_dict().values())
    return "|".join(map(str, parts))
