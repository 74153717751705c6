"""What the page of one change shows. Only the open tab is read."""

from __future__ import annotations

from typing import Any

from django.db.models import Max, QuerySet

from portal.accounts.models import User
from portal.accounts.roles import Verb
from portal.audit.models import AuditEvent
from portal.lifecycle.models import ChangeRequest, LogLine
from portal.lifecycle.operations import diffing
from portal.lifecycle.operations.diffing import ObjectDiff
from portal.lifecycle.selectors import changes
from portal.lifecycle.services import approvals
from portal.lifecycle.states import CHANGES, ChangeState
from portal.web import judgements, live
from portal.web.access import SignedIn
from portal.web.exceptions import excepting
from portal.web.forms.decision import CancelForm, DecisionForm

TABS = ("overview", "diff", "verdicts", "objects", "log", "audit")
LOG_LINES = 500


def rows(user: User) -> QuerySet[ChangeRequest]:
    """Changes that `user` may see, with what their page shows; the sealed inputs and values stay out."""
    return ChangeRequest.objects.visible_to(user).for_detail()


def context(
    request: SignedIn,
    change: ChangeRequest,
    decision: DecisionForm | None = None,
    cancel: CancelForm | None = None,
) -> dict[str, Any]:
    tab = request.GET.get("tab", "overview")
    tab = tab if tab in TABS else "overview"
    verdicts = judgements.of_change(change)
    why_not = approvals.why_may_not_decide(change, request.user)
    return {
        "change": change,
        "tab": tab,
        "tabs": [(name, name.title(), _count(name, verdicts)) for name in TABS],
        "waiting": changes.waiting_on(change),
        "steps": changes.steps(change),
        "verdicts": verdicts,
        "granted": judgements.exceptions_of(verdicts, request.user),
        "ask_exception": _excepting(change, verdicts, request.user),
        "decisions": change.approvals.select_related("actor"),
        "why_not": why_not,
        "may_decide": why_not is None,
        "may_cancel": may_cancel(change, request.user),
        "decision": decision or DecisionForm(initial={"digest": change.seal}),
        "cancel": cancel or CancelForm(),
        "etag": etag(change, request.user, tab),
        **_tab(tab, change, request.user),
    }


def _excepting(change: ChangeRequest, verdicts: judgements.Grouped, user: User) -> excepting.Excepting | None:
    return excepting.offered(user, change) if verdicts.blocking or verdicts.noted else None


def _count(tab: str, verdicts: judgements.Grouped) -> int:
    return len(verdicts.blocking) + len(verdicts.noted) if tab == "verdicts" else 0


def _tab(tab: str, change: ChangeRequest, user: User) -> dict[str, Any]:
    if tab == "diff" or (tab == "overview" and change.is_awaiting_approval):
        return {"diff": diff(change)}
    if tab == "log":
        return {"log": log(change)}
    if tab == "audit":
        return {"events": events(change, user)}
    return {}


def may_cancel(change: ChangeRequest, user: User) -> bool:
    return CHANGES.allows(ChangeState(change.state), ChangeState.CANCELLED) and user.access.may(
        Verb.CANCEL, change.team_id
    )


def diff(change: ChangeRequest) -> list[ObjectDiff]:
    """From what was live when it was asked to what it would make live."""
    before, after = change.base_release, change.release
    return diffing.compare(before.objects_masked if before else [], after.objects_masked if after else [])


def log(change: ChangeRequest) -> list[LogLine]:
    """The last lines of all attempts, oldest first."""
    lines = LogLine.objects.filter(rollout__change=change).order_by("-pk")[:LOG_LINES]
    return list(reversed(lines))


def events(change: ChangeRequest, user: User) -> QuerySet[AuditEvent]:
    rows = AuditEvent.objects.visible_to(user).filter(object_type="ChangeRequest", object_id=str(change.pk))
    return rows.order_by("at", "id").select_related("link")


def etag(change: ChangeRequest, user: User, tab: str) -> str:
    """Moves with everything on the page that can move."""
    last_line = LogLine.objects.filter(rollout__change=change).aggregate(last=Max("pk"))["last"]
    return live.fingerprint(
        user.pk,
        tab,
        change.state,
        change.phase,
        change.attempts,
        change.decided_at,
        change.applied_at,
        change.finished_at,
        change.approvals.count(),
        last_line,
    )
