"""From what was found about a chart to what it means: may it be published, and what should one know."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

Found = Mapping[str, Any]
Reason = dict[str, str]


def reasons(found: Found) -> dict[str, list[Reason]]:
    """`blocking` keeps it from being published; `remarks` are for whoever publishes it."""
    return {"blocking": list(_blocking(found)), "remarks": list(_remarks(found))}


def reason(code: str, message: str) -> Reason:
    return {"code": code, "message": message}


def _blocking(found: Found) -> Iterator[Reason]:
    chart, schema = found["chart"], found["schema"]
    if chart.get("type") == "library":
        yield reason("library_chart", "It is a library: other charts use it, by itself it creates nothing.")
    if not schema["usable"]:
        yield reason(schema["code"], f"The schema of its values cannot be used. {schema['reason']}")
    missing = [each["name"] for each in chart.get("dependencies", ()) if not each["vendored"]]
    if missing:
        said = f"It needs other charts that are not in its archive: {_listed(missing)}."
        yield reason("dependency_missing", f"{said} Have it packed with them.")
    for each in found["broken"]:
        if each["step"] in ("chart", "values", "contents", "policy", "reproducibility"):
            yield reason(f"{each['step']}_unreadable", _BROKEN[each["step"]].format(each["message"]))


_BROKEN = {
    "chart": "Its Chart.yaml cannot be used: {}",
    "values": "Its values.yaml cannot be used: {}",
    "contents": "What it creates could not be looked at: {}",
    "policy": "It could not be judged by the organisation's policies: {}",
    "reproducibility": "Whether it renders the same each time could not be found out: {}",
}


def _remarks(found: Found) -> Iterator[Reason]:
    yield from _of_renderings(found)
    yield from _of_reach(found)
    yield from _of_policy(found)
    chart = found["chart"]
    if chart.get("deprecated"):
        yield reason("deprecated", "Its makers call it deprecated.")
    if chart.get("kubeVersion"):
        yield reason("kube_version", f"It says that it is for Kubernetes {chart['kubeVersion']}.")
    if not found["schema"]["given"]:
        said = "It has no schema of its values; the form is made from values.yaml, and less is checked."
        yield reason("schema_inferred", said)
    if found["schema"]["usable"] and not found["defaults"]["valid"]:
        said = "Its own defaults do not fit its schema: a plan, or whoever requests it, has to give the rest."
        yield reason("defaults_incomplete", said)
    errors = [each for each in found["lint"] if each["severity"] == "error"]
    if errors:
        yield reason("lint", f"helm lint finds errors: {_listed([each['message'] for each in errors], 2)}")


def _of_renderings(found: Found) -> Iterator[Reason]:
    failed = [each for each in found["renderings"] if not each["ok"]]
    for each in failed:
        if each["values"] == "defaults":
            said = (
                "It does not render with its defaults; a plan or locked values have to make it. Helm says: "
            )
            yield reason("defaults_do_not_render", said + each["reason"])
    examples = [each["values"] for each in failed if each["values"] != "defaults"]
    if examples:
        yield reason(
            "examples_do_not_render", f"It does not render with examples of its own: {_listed(examples)}."
        )
    repeated = found["reproducibility"]
    if repeated.get("reason"):
        code = "renders_differently" if repeated["status"] == "varies" else "may_render_differently"
        yield reason(code, repeated["reason"])


def _of_reach(found: Found) -> Iterator[Reason]:
    creates = found["creates"]
    if found["beyond_a_team"]:
        said = (
            "It holds what no team's release may hold, so it can be requested only when the offering says "
            f"cluster_scoped: {_listed(found['beyond_a_team'])}."
        )
        yield reason("beyond_a_team", said)
    for part, code, said in (
        ("webhooks", "webhooks", "It puts webhooks into the way of other objects: {}."),
        ("crds", "crds", "It defines kinds for the whole cluster: {}."),
        ("other_namespaces", "other_namespaces", "It reaches into other namespaces: {}."),
    ):
        if creates.get(part):
            yield reason(code, said.format(_listed(creates[part])))
    for part, code, said in (
        ("access", "far_access", "It is given rights that reach far: {}."),
        ("privileged", "privileged", "It reaches the machines that it runs on: {}."),
    ):
        if creates.get(part):
            named = [f"{each['object']} {each['why']}" for each in creates[part]]
            yield reason(code, said.format(_listed(list(dict.fromkeys(named)))))
    if creates.get("hooks"):
        named = [each["object"] for each in creates["hooks"]]
        yield reason("hooks", f"It runs hooks around each change: {_listed(named)}.")


def _of_policy(found: Found) -> Iterator[Reason]:
    counts = found["policy"].get("counts", {})
    denied = [environment for environment, count in counts.items() if count["denied"]]
    if denied:
        said = f"With {found['usual']} the organisation's policies refuse it in {', '.join(denied)}."
        yield reason("policy_denies", f"{said} A plan or locked values have to mend that.")


def _listed(names: list[str], shown: int = 5) -> str:
    more = f" and {len(names) - shown} more" if len(names) > shown else ""
    return ", ".join(names[:shown]) + more
