"""Examples for the design page: one of each, in each state. None of it is real."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.http import HttpRequest

from portal.core import clock
from portal.environments.models import Environment
from portal.lifecycle.operations.quota import QuotaLine
from portal.lifecycle.selectors.changes import Step
from portal.policy.types import SEVERITIES
from portal.web import meanings
from portal.web.commands import Command
from portal.web.forms.sign_in import SignInForm
from portal.web.policy import fix_lines
from portal.web.quota_bars import bar

FIX = fix_lines.of_patch(
    [
        {"op": "add", "path": "/spec/template/spec/automountServiceAccountToken", "value": False},
        {"op": "remove", "path": "/spec/template/spec/hostNetwork"},
    ]
)
DIGEST = "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"


BARS = [
    bar(QuotaLine("requests.cpu", "3.2", "3.7", "8", exceeded=False)),
    bar(QuotaLine("requests.memory", "7Gi", "7.5Gi", "8Gi", exceeded=False)),
    bar(QuotaLine("requests.storage", "90Gi", "120Gi", "100Gi", exceeded=True)),
    bar(QuotaLine("pods", "9", "7", "40", exceeded=False)),
    bar(QuotaLine("persistentvolumeclaims", "2", "2", "10", exceeded=False)),
]
REFUSALS = [
    (403, "Not allowed", "Only an operator may decide this."),
    (404, "Not found", "There is no such instance, or your teams do not own it."),
    (409, "Too late", "olga has approved this change meanwhile. Look at it as it is now."),
    (422, "Not accepted", "An image tag is needed: write 1.4.2, say."),
]


def context(request: HttpRequest) -> dict[str, Any]:
    now = clock.now()
    empty, wrong = SignInForm(request, auto_id="empty_%s"), SignInForm(request, {}, auto_id="wrong_%s")
    for form in (empty, wrong):
        form.fields["username"].widget.attrs.pop("autofocus")
    return {
        "tables": [(name, name.replace("_", " "), sorted(table)) for name, table in meanings.TABLES.items()],
        "modes": list(meanings.MODES),
        "severities": SEVERITIES,
        "fix": FIX,
        "meanings": meanings.ICONS,
        "stripes": [Environment(name=stripe.value, stripe=stripe.value) for stripe in Environment.Stripe],
        "now": now,
        "earlier": now - timedelta(hours=2, minutes=4),
        "digest": DIGEST,
        "form": empty,
        "wrong": wrong,
        "progress": [waiting(), denied()],
        "bars": BARS,
        "commands": [Command("What helm keeps of it", "helm -n storefront-dev get manifest shop-api")],
        "refusals": REFUSALS,
    }


def waiting() -> list[Step]:
    now = clock.now()
    return [
        Step("asked", "Asked", now, "done", "by alice"),
        Step("judged", "Judged", now, "done"),
        Step("approved", "Approved", None, "current"),
        Step("applied", "Applied", None, "todo"),
    ]


def denied() -> list[Step]:
    now = clock.now()
    return [
        Step("asked", "Asked", now, "done", "by alice"),
        Step("judged", "Judged", now, "failed", "policy refused it"),
    ]
