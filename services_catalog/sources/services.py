"""Adding, changing, reading and taking away sources; each is audited. `actor=None` is the command line."""

from __future__ import annotations

from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F

from portal.accounts.models import User
from portal.accounts.permissions import require
from portal.accounts.roles import Verb
from portal.audit.recording import record
from portal.core import clock
from portal.core.errors import NotFound, StateConflict, ValidationFailed
from portal.core.outbound.places import place_of
from services_catalog import tasks
from services_catalog.models import ChartSource, SourceVersion, SourceVersionState
from services_catalog.sources import checks

# what may be set; the secret is written, and never read back
FIELDS = (
    *("name", "kind", "url", "username", "keyring", "requires_provenance", "charts", "branch"),
    *("newest", "prereleases", "interval_seconds", "enabled"),
)
FIXED = frozenset({"kind"})
# a change of these says nothing of what was read
HARMLESS = frozenset({"name", "interval_seconds"})
# a change of these is looked at with every version, taken or not
OF_SIGNATURES = frozenset({"keyring", "requires_provenance"})


class SourceInUse(StateConflict):
    """Versions of it are on offer."""

    code = "source_in_use"


@transaction.atomic
def create(*, actor: User | None, slug: str, secret: str = "", **fields: Any) -> ChartSource:
    """Add a source, and have it read at once. Raises NotPermitted, ValidationFailed."""
    _may(actor)
    source = ChartSource(slug=slug, secret=secret or None, **_known(fields))
    checks.check(source)
    try:
        with transaction.atomic():
            source.save(force_insert=True)
    except IntegrityError:
        raise ValidationFailed.at("/slug", f"There is a source called {slug} already.", "taken") from None
    record("source.created", source, actor=actor, after=facts(source))
    _wake(source)
    return source


@transaction.atomic
def change(
    source: ChartSource, *, actor: User | None, secret: str | None = None, **fields: Any
) -> ChartSource:
    """Set the given fields anew; what is already so records nothing. `secret` None leaves the stored one, an
    empty one takes it away. Whoever reads the source under the old settings loses it.

    Raises NotPermitted, ValidationFailed, NotFound, StateConflict.
    """
    _may(actor)
    source = _locked(source)
    before, stored = facts(source), source.secret
    for name, value in _known(fields).items():
        if name in FIXED and value != getattr(source, name):
            raise ValidationFailed.at(f"/{name}", "This cannot be changed. Add another source.", "fixed")
        setattr(source, name, value)
    source.secret = stored if secret is None else secret or None
    checks.check(source)
    if stored and secret is None and _origin(source.url) != _origin(before["url"]):
        # else whoever may change an address could have the secret sent to one of their own
        why = "The address is another server's. Give the secret for it, or leave it empty."
        raise ValidationFailed.at("/secret", why, "required")
    after = facts(source)
    changed = {name for name in after if after[name] != before[name]}
    if not changed and source.secret == stored:
        return source
    if changed - HARMLESS or source.secret != stored:
        _read_anew(source, changed)
    source.save()
    said = {name: before[name] for name in changed}
    now_said: dict[str, Any] = {name: after[name] for name in changed}
    if source.secret != stored:
        now_said["credentials"] = "replaced" if source.secret else "removed"
    record("source.changed", source, actor=actor, before=said, after=now_said)
    _wake(source)
    return source


@transaction.atomic
def remove(source: ChartSource, *, actor: User | None, comment: str = "") -> None:
    """Take a source away. Its row, and those of what was seen in it, stay as tombstones.

    Raises NotPermitted, NotFound, SourceInUse while versions of it are on offer.
    """
    _may(actor)
    source = _locked(source)
    published = source.versions.published().select_related("offering_version__offering")
    named = [str(row.offering_version) for row in published[:4]]
    if named:
        more = " and others" if len(named) > 3 else ""
        raise SourceInUse(
            f"{', '.join(named[:3])}{more} came from this source and are not retired. Retire them first, or "
            "disable the source: then nothing new comes from it."
        )
    said = facts(source)
    now = clock.now()
    source.removed_at, source.enabled, source.secret = now, False, None
    source.lease_until, source.fence = None, source.fence + 1
    source.save()
    source.versions.exclude(state=SourceVersionState.GONE).update(
        state=SourceVersionState.GONE, gone_at=now, retry=False
    )
    record("source.removed", source, actor=actor, before=said, comment=comment.strip())


@transaction.atomic
def ask(source: ChartSource, *, actor: User | None) -> ChartSource:
    """Have a source read now. Asking again while it is waited for, or read, changes nothing but the time.

    Raises NotPermitted, NotFound, StateConflict.
    """
    _may(actor)
    source = _locked(source)
    if not source.enabled:
        raise StateConflict("This source is disabled. Enable it first.")
    source.due_at = clock.now()
    source.save(update_fields=["due_at"])
    record("source.asked", source, actor=actor)
    _wake(source)
    return source


@transaction.atomic
def retry(version: SourceVersion, *, actor: User | None) -> SourceVersion:
    """Look at a version again that was refused. Raises NotPermitted, NotFound, StateConflict."""
    _may(actor)
    _locked(version.source)
    moved = SourceVersion.objects.filter(pk=version.pk).exclude(refusal_code="").update(retry=True)
    if not moved:
        raise StateConflict("This version was not refused, so there is nothing to look at again.")
    said = {"chart": version.chart, "version": version.version, "code": version.refusal_code}
    record("source.version_retried", version.source, actor=actor, before=said)
    ChartSource.objects.filter(pk=version.source_id).update(due_at=clock.now())
    _wake(version.source)
    version.refresh_from_db(fields=["retry"])
    return version


def facts(source: ChartSource) -> dict[str, Any]:
    """What is set, as the audit trail says it: without the secret."""
    return {name: getattr(source, name) for name in FIELDS}


def _read_anew(source: ChartSource, changed: set[str]) -> None:
    source.validators, source.due_at = {}, clock.now()
    source.lease_until, source.fence, source.failures = None, source.fence + 1, 0
    refused = source.versions.exclude(refusal_code="")
    refused.update(retry=True)
    if changed & OF_SIGNATURES:
        source.versions.filter(state=SourceVersionState.IMPORTED).update(retry=True)


def _may(actor: User | None) -> None:
    if actor is not None:
        require(actor, Verb.CURATE)


def _known(fields: dict[str, Any]) -> dict[str, Any]:
    unknown = set(fields) - set(FIELDS)
    if unknown:
        raise TypeError(f"a source has no {', '.join(sorted(unknown))}")
    return {name: value.strip() if isinstance(value, str) else value for name, value in fields.items()}


def _locked(source: ChartSource) -> ChartSource:
    """The row as it is now, and nobody else's until the transaction ends."""
    ChartSource.objects.filter(pk=source.pk).update(fence=F("fence"))
    found = ChartSource.objects.present().filter(pk=source.pk).first()
    if found is None:
        raise NotFound("This source is not there any more.")
    if found.is_tree:
        raise StateConflict("The library's files are loaded with `manage.py catalog sync`.")
    return found


def _origin(url: str) -> tuple[str, str, int]:
    return place_of(checks.http_url(url)).origin


def _wake(source: ChartSource) -> None:
    transaction.on_commit(lambda: tasks.wake(source.pk))
