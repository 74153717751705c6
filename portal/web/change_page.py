"""What the page of one change shows. Only the open tab is read; `decision/` has what decisions rest on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import Count, Max, QuerySet

from portal.accounts.models import User
from portal.accounts.roles import Verb
from portal.audit.models import AuditEvent
from portal.core.errors import SlipwayError
from portal.lifecycle.models import BreakGlass, ChangeRequest, LogLine
from portal.lifecycle.selectors import changes, evidence, soak
from portal.lifecycle.services import approvals, break_glass
from portal.web import judgements, live, reasking
from portal.web.access import SignedIn
from portal.web.decision import against_live, neighbours, risk, standing
from portal.web.decision import evidence as evidence_lines
from portal.web.exceptions import excepting
from portal.web.forms.decision import ApproveForm, CancelForm, CommentForm, ReviewForm, ServiceForm

TABS = ("overview", "diff", "verdicts", "objects", "log", "audit")
LOG_LINES = 500
FORMS: Mapping[str, type[ServiceForm]] = {
    "approve": ApproveForm,
    "reject": ApproveForm,
    "cancel": CancelForm,
    "say": CommentForm,
    "ask": CommentForm,
    "review": ReviewForm,
}


def rows(user: User) -> QuerySet[ChangeRequest]:
    """Changes that `user` may see, with what their page shows; the sealed inputs and values stay out."""
    found = ChangeRequest.objects.visible_to(user).for_detail()
    return found.select_related("environment__cluster", "superseded_by").prefetch_related(
        "contributors", "environment__approver_groups", "environment__windows"
    )


def context(
    request: SignedIn, change: ChangeRequest, form: ServiceForm | None = None, acting: str = ""
) -> dict[str, Any]:
    """`acting` names what was tried with `form`, so that its errors are shown there."""
    tab, user = tab_of(request), request.user
    verdicts = judgements.of_change(change)
    not_yet = why_not_yet(change, user)
    why_not = approvals.why_may_not_decide(change, user)
    return {
        "change": change,
        "tab": tab,
        "tabs": [(name, name.title(), _count(name, verdicts)) for name in TABS],
        "waiting": changes.waiting_on(change),
        "steps": changes.steps(change),
        "verdicts": verdicts,
        "granted": judgements.exceptions_of(verdicts, user),
        "ask_exception": _excepting(change, verdicts, user),
        "standing": standing.of_change(change),
        "risk": risk.of(change.risk, change.risk_reasons),
        "not_yet": not_yet,
        "why_not": why_not,
        "may_decide": why_not is None,
        **_around(change, user),
        "forms": {name: form if form and name == acting else kind() for name, kind in FORMS.items()},
        "acting": acting,
        "refused": form.non_field_errors() if form else [],
        "etag": etag(change, user, tab, not_yet),
        **_tab(tab, change, user),
    }


def tab_of(request: SignedIn) -> str:
    tab = request.GET.get("tab", "overview")
    return tab if tab in TABS else "overview"


def why_not_yet(change: ChangeRequest, user: User) -> SlipwayError | None:
    """What keeps a waiting change from being approved."""
    return approvals.why_not_yet(change, user) if change.is_awaiting_approval else None


def _around(change: ChangeRequest, user: User) -> dict[str, Any]:
    """Where one can go from here, and what may be done besides deciding."""
    team = user.access.may(Verb.REQUEST, change.team_id)
    glass = BreakGlass.objects.filter(change=change).select_related("actor", "reviewed_by").first()
    return {
        "may_cancel": may_cancel(change, user),
        "may_seal_again": team,
        "may_pass": break_glass.why_may_not_pass(change, user) is None,
        "change_address": reasking.address(change) if team else "",
        "glass": glass,
        "may_review": glass is not None and break_glass.why_may_not_review(glass, user) is None,
        "replaced": list(change.supersedes.only("pk", "environment").order_by("pk")),
        "neighbours": neighbours.of_change(change, user),
    }


def _excepting(change: ChangeRequest, verdicts: judgements.Grouped, user: User) -> excepting.Excepting | None:
    return excepting.offered(user, change) if verdicts.blocking or verdicts.noted else None


def _count(tab: str, verdicts: judgements.Grouped) -> int:
    return len(verdicts.blocking) + len(verdicts.noted) if tab == "verdicts" else 0


def _tab(tab: str, change: ChangeRequest, user: User) -> dict[str, Any]:
    if tab == "overview":
        return _overview(change)
    if tab == "diff":
        return {"against": diff(change)}
    if tab == "log":
        return {"log": log(change)}
    if tab == "audit":
        return {"events": events(change, user)}
    return {}


def _overview(change: ChangeRequest) -> dict[str, Any]:
    shown = {
        "journey": soak.journey(change.release) if change.release and change.release.promoted_from else []
    }
    if not change.is_active:
        return shown
    gathered = list(change.evidence.all())
    lacking = evidence.lacking(change) if change.is_awaiting_approval else []
    return {
        **shown,
        "evidence": evidence_lines.lines(change, gathered, lacking),
        "gathering": evidence_lines.is_being_gathered(change),
        "against": against_live.of_change(change, gathered),
    }


def may_cancel(change: ChangeRequest, user: User) -> bool:
    return change.is_stoppable and user.access.may(Verb.CANCEL, change.team_id)


def diff(change: ChangeRequest) -> against_live.AgainstLive | None:
    """Against what is live while it waits; later from what was live when it was asked."""
    return against_live.of_change(change, change.evidence.filter(kind="diff"))


def log(change: ChangeRequest) -> list[LogLine]:
    """The last lines of all attempts, oldest first."""
    lines = LogLine.objects.filter(rollout__change=change).order_by("-pk")[:LOG_LINES]
    return list(reversed(lines))


def events(change: ChangeRequest, user: User) -> QuerySet[AuditEvent]:
    rows = AuditEvent.objects.visible_to(user).filter(object_type="ChangeRequest", object_id=str(change.pk))
    return rows.order_by("at", "id")


def etag(change: ChangeRequest, user: User, tab: str, not_yet: SlipwayError | None) -> str:
    """Moves with everything on the page that can move."""
    last_line = LogLine.objects.filter(rollout__change=change).aggregate(last=Max("pk"))["last"]
    said = change.comments.aggregate(count=Count("pk"), settled=Count("settled_at"))
    glass = BreakGlass.objects.filter(change=change).values_list("pk", "reviewed_at").first()
    window = evidence_lines.window(change) if change.is_active else None
    return live.fingerprint(
        user.pk,
        tab,
        change.state,
        change.phase,
        change.attempts,
        change.decided_at,
        change.applied_at,
        change.finished_at,
        change.seal,
        change.risk,
        change.held,
        change.cancel_asked_at,
        change.evidence_asked_at,
        change.evidence_gathered_at,
        change.superseded_by_id,
        change.approvals.aggregate(count=Count("pk"), last=Max("pk")),
        change.verifications,
        not_yet and not_yet.message,
        window and window.summary,
        said,
        glass,
        last_line,
    )
