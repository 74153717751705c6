"""A small offering with an old and a new version, what runs of it, and campaigns over that."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from portal.accounts.models import Membership
from portal.core import clock
from portal.environments.models import Environment
from portal.lifecycle.models import CampaignItem, ChangeRequest, ServiceInstance, UpgradeCampaign
from portal.lifecycle.services.campaigns import advancing, preparing, steering
from services_catalog.archives import pack_files
from services_catalog.models import ChartArchive, Offering, OfferingVersion, Plan
from tests.factories import ClusterFactory
from tests.fixtures.organisation import Organisation, load
from tests.lifecycle.gate import rules
from tests.lifecycle.helpers import ask, succeed

TEMPLATE = """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}
data:
  version: {{ .Chart.Version | quote }}
  text: {{ .Values.text | quote }}
"""
# the API server refuses it: a campaign's change that fails when it is applied
BREAKS = """\
{{- if eq .Values.text "breaks" }}
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}_is_no_name
{{- end }}
"""
TEXT = {"text": {"type": "string", "description": "What it says."}}
OLD_ONLY = {"colour": {"type": "string", "description": "Gone in 2.0.0."}}
NEW_ONLY = {"size": {"type": "integer", "description": "New in 2.0.0.", "default": 1}}
Work = Callable[[ChangeRequest], Any]
PLACES = [(app, env) for env in ("dev", "staging", "production") for app in ("storefront", "ledger")]


def note(number: str, properties: dict[str, Any], *, breaks: bool = False, **fields: Any) -> OfferingVersion:
    """A version of the offering "note": one ConfigMap."""
    schema = {"type": "object", "additionalProperties": False, "properties": properties}
    files = {
        "Chart.yaml": f"apiVersion: v2\nname: note\nversion: {number}\n".encode(),
        "values.yaml": b"text: hello\n",
        "values.schema.json": json.dumps(schema).encode(),
        "templates/note.yaml": TEMPLATE.encode(),
        **({"templates/breaks.yaml": BREAKS.encode()} if breaks else {}),
    }
    archive, _ = ChartArchive.objects.store(pack_files(files, label="note"))
    offering, _ = Offering.objects.get_or_create(
        slug="note", defaults={"name": "Note", "summary": "A note.", "category": "Try", "owner": "Platform"}
    )
    version = OfferingVersion.objects.create(
        offering=offering,
        version=number,
        status="active",
        chart=archive,
        values_schema=schema,
        default_values={"text": "hello"},
        **fields,
    )
    Plan.objects.create(
        offering_version=version,
        slug="small",
        name="Small",
        is_default=True,
        price_cents_per_month=100 * int(number[0]),
    )
    return version


def versions() -> tuple[OfferingVersion, OfferingVersion]:
    old = note("1.0.0", {**TEXT, **OLD_ONLY}, notes="First.")
    return old, note("2.0.0", {**TEXT, **NEW_ONLY}, breaks=True, notes="`colour` is gone.")


def install(
    organisation: Organisation, application: str, environment: str, work: Work, **values: Any
) -> ServiceInstance:
    """A note that runs version 1.0.0, with the namespace that it needs. Gates stand open meanwhile."""
    person = organisation.pia if application == "ledger" else organisation.alice
    before = Environment.objects.get(slug=environment).approvals_required
    rules(organisation, environment, approvals_required=0)
    place = {"application": application, "environment": environment}
    if not ServiceInstance.objects.filter(name=f"{application}-{environment}").exists():
        work(ask(person, **place, offering="namespace"))
    change = ask(person, **place, offering="note", name="note", version="1.0.0", values=values)
    work(change)
    rules(organisation, environment, approvals_required=before)
    return ServiceInstance.objects.get(pk=change.instance_id)


@dataclass(frozen=True)
class Notes:
    """Six notes: two applications of two teams, in three stages. By "application/environment"."""

    organisation: Organisation
    ids: dict[str, int]

    def __getitem__(self, place: str) -> ServiceInstance:
        return ServiceInstance.objects.get(pk=self.ids[place])


def build(places: Sequence[tuple[str, str]] = PLACES) -> Notes:
    """Without a cluster: changes end as if a worker had applied them."""
    organisation = load(ClusterFactory())
    versions()
    ids = {
        f"{application}/{environment}": install(organisation, application, environment, succeed).pk
        for application, environment in places
    }
    return Notes(organisation, ids)


def prepare(organisation: Organisation, **data: Any) -> UpgradeCampaign:
    modes = data.pop("modes", {"dev": "automatic", "staging": "automatic", "production": "automatic"})
    given = {
        "title": "Notes to 2",
        "offering": "note",
        "version": "2.0.0",
        "environments": [{"environment": slug, "mode": mode} for slug, mode in modes.items()],
        **data,
    }
    if "consent" in modes.values():
        given.setdefault("answer_by", clock.now() + timedelta(days=7))
    campaign = preparing.prepare(organisation.pete, given)
    return go_on(campaign)


def started(organisation: Organisation, **data: Any) -> UpgradeCampaign:
    campaign = prepare(organisation, **data)
    steering.start(campaign, actor=organisation.pete)
    return go_on(campaign)


def go_on(campaign: UpgradeCampaign) -> UpgradeCampaign:
    """One round, as the beat would have it."""
    advancing.advance(campaign.pk)
    campaign.refresh_from_db()
    return campaign


def states(campaign: UpgradeCampaign) -> dict[str, str]:
    """By application and environment."""
    return {
        f"{item.instance.application}/{item.instance.environment.slug}": item.state
        for item in campaign.items.select_related("instance__application", "instance__environment")
    }


def item_of(campaign: UpgradeCampaign, application: str, environment: str) -> CampaignItem:
    return campaign.items.select_related("campaign", "stage", "instance__application__team").get(
        instance__application__slug=application, instance__environment__slug=environment
    )


def under_way(campaign: UpgradeCampaign) -> list[ChangeRequest]:
    return [item.change for item in campaign.items.filter(state="opened").select_related("change")]


def make_maintainer(name: str) -> None:
    Membership.objects.filter(user__username=name).update(role=Membership.Role.MAINTAINER)


def later(monkeypatch: Any, **span: int) -> datetime:
    moment = clock.now() + timedelta(**span)
    monkeypatch.setattr(clock, "now", lambda: moment)
    return moment
