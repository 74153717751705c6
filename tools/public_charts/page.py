"""docs/public-charts.md: what was tried, and what became of it."""

from __future__ import annotations

from collections.abc import Sequence

from tools.public_charts.trials import Trial

HEAD = ("chart", "version", "schema", "fields", "objects", "form", "defaults", "equal", "policy", "each time")
INTRODUCTION = """\
# Public charts

Real charts of other people, imported from a Helm repository on loopback without hand-work: read by a
sync, examined, published as a draft with one plan as proposed, their request form rendered, their defaults
checked against the schema that the form is made from, and rendered by the portal and by plain
`helm template` with the same values, compared text for text, object by object.
`python -m tools.public_charts FOLDER` does it with any folder of packed charts and writes this page; the
charts themselves are not part of this repository.

- *schema*: `given` by the chart (completed from its values.yaml where it leaves places open), or `inferred`
  from values.yaml and its comments
- *equal*: `yes`, or `but for chance` where two runs of plain Helm differ at the same places too
- *policy*: what the organisation's policies pass, warn of and deny in production, with the chart's defaults;
  a plan or locked values have to mend what is denied before a version is put on offer
- *each time*: `stable`, `may vary` with some values, or `varies`: then a mark or a locked value settles it
  before a version is put on offer

"""


def page(trials: Sequence[Trial]) -> str:
    done = [each for each in trials if each.done]
    lines = [INTRODUCTION]
    given = sum(bool(each.report["schema"]["given"]) for each in done)
    lines.append(
        f"**{len(done)} of {len(trials)} charts** were imported, with a form that renders, defaults that are "
        f"valid, and a rendering that equals Helm's: {given} with a schema of their own, "
        f"{sum(each.fields for each in done):,} fields and {sum(each.objects for each in done):,} objects.\n"
    )
    lines += [f"| {' | '.join(HEAD)} |", "|---|---|---|--:|--:|---|---|---|---|---|"]
    lines += [_row(each) for each in trials]
    failed = [each for each in trials if each.failures]
    lines.append("\n## What did not work, and why\n")
    if not failed:
        lines.append("Nothing.")
    for each in failed:
        for step, cause in each.failures:
            lines.append(f"- **{each.chart} {each.version}**, {step}: {_plain(cause)}")
    return "\n".join(lines) + "\n"


def _row(trial: Trial) -> str:
    schema, policy = trial.report.get("schema", {}), trial.report.get("policy", {})
    counts = policy.get("counts", {}).get("production", {})
    kind = "given" if schema.get("given") else "inferred"
    judged = "/".join(str(counts.get(name, 0)) for name in ("passed", "warned", "denied")) if counts else "–"
    status = str(trial.report.get("reproducibility", {}).get("status", "–")).replace("_", " ")
    facts = (
        trial.chart,
        trial.version,
        f"{kind} ({schema.get('draft')})" if schema.get("given") and schema.get("draft") else kind,
        str(trial.fields),
        str(trial.objects),
        _mark(trial.form),
        _mark(trial.defaults),
        trial.equal or "–",
        judged,
        status,
    )
    return f"| {' | '.join(facts)} |"


def _mark(good: bool) -> str:
    return "yes" if good else "no"


def _plain(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")[:400]
