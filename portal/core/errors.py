"""Every error that a user may see. Stable codes; the HTTP status is chosen by the caller's one handler."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar


class SlipwayError(Exception):
    """Base of all our errors. `message` tells the reader what to do next; `details` is JSON-safe."""

    code: ClassVar[str] = "error"
    default_message: ClassVar[str] = "Something went wrong."

    def __init__(self, message: str | None = None, **details: Any) -> None:
        self.message = message or self.default_message
        self.details: dict[str, Any] = details
        super().__init__(self.message)


class InvalidInput(SlipwayError):
    """The request cannot be read at all (shape, size, encoding)."""

    code = "invalid_input"
    default_message = "The request could not be read."


class TooLarge(InvalidInput):
    code = "too_large"
    default_message = "The document is larger than is accepted."


class ValidationFailed(SlipwayError):
    """Well-formed, but wrong. `errors` holds all of them: {path (JSON pointer), message, code}."""

    code = "validation_failed"
    default_message = "Some values need to be corrected."

    def __init__(
        self, errors: Sequence[Mapping[str, str]], message: str | None = None, **details: Any
    ) -> None:
        self.errors = [dict(error) for error in errors]
        super().__init__(message, errors=self.errors, **details)

    @classmethod
    def at(cls, path: str, message: str, code: str = "invalid") -> ValidationFailed:
        return cls([{"path": path, "message": message, "code": code}], message)


class NotFound(SlipwayError):
    """Absent, or not visible to whoever asks: the two look the same."""

    code = "not_found"
    default_message = "Not found, or not visible to you."


class NotPermitted(SlipwayError):
    """Visible, but not allowed to this person."""

    code = "not_permitted"
    default_message = "You may not do this."


class ReauthenticationRequired(NotPermitted):
    """This gate wants the password again, with the decision."""

    code = "reauthentication_required"
    default_message = "This gate wants your password again. Give it together with the decision."


class TooManyAttempts(SlipwayError):
    """Details: `seconds` to wait."""

    code = "too_many_attempts"

    def __init__(self, *, seconds: int, news: bool = False) -> None:
        self.seconds, self.news = seconds, news
        super().__init__(
            f"Too many attempts did not work. Try again in {seconds} second{'' if seconds == 1 else 's'}.",
            seconds=seconds,
        )


class StateConflict(SlipwayError):
    """Too late, or somebody else was first."""

    code = "state_conflict"
    default_message = "The state has changed meanwhile. Reload to see what is true now."


class ChangeUnderWay(StateConflict):
    code = "change_under_way"
    default_message = "Another change of this instance is under way. Wait for it, or cancel it."


class ReleaseChanged(StateConflict):
    """The digest that was seen is not the digest that is sealed."""

    code = "release_changed"
    default_message = "The release has changed since you looked at it. Reload and decide on what it is now."


class EvidenceMissing(StateConflict):
    """What the gate wants to know before a decision is missing, stale, or bad; details name each."""

    code = "evidence_missing"
    default_message = "Evidence that this gate wants is missing or stale. Refresh it, then decide."


class ChangeWanted(StateConflict):
    """Somebody who may decide has asked for another release than this one."""

    code = "change_wanted"
    default_message = "Somebody asked for a change of this. Wait for it, or for the wish to be taken back."


class GateClosed(StateConflict):
    """A freeze, or outside opening hours. Details: reason; next_opening (ISO 8601, None: none in sight)."""

    code = "gate_closed"
    default_message = "The environment is closed for changes now. Wait for the opening."


class RetirementNotAnnounced(StateConflict):
    code = "retirement_not_announced"
    default_message = "Announce the retirement first, then confirm it with the instance's name."


class IdempotencyKeyReused(StateConflict):
    code = "idempotency_key_reused"
    default_message = "This Idempotency-Key was used with another body. Use a new key for a new request."


class PolicyDenied(SlipwayError):
    """Organisation policy refuses; details carry every verdict with its remediation."""

    code = "policy_denied"
    default_message = "Organisation policy does not allow this. Every reason is listed with its remediation."


class QuotaExceeded(SlipwayError):
    code = "quota_exceeded"
    default_message = "The namespace's quota has no room for this."


class OutOfScope(SlipwayError):
    """A release holds objects outside its own namespace."""

    code = "out_of_scope"
    default_message = "The chart renders objects outside the instance's namespace."


class KindNotServed(OutOfScope):
    """A release holds kinds that its cluster does not serve, or that its namespace is too old to hold."""

    code = "kind_not_served"
    default_message = "The cluster does not serve a kind of object that this needs."


class SealBroken(SlipwayError):
    """What would be applied is not what was sealed."""

    code = "seal_broken"
    default_message = "What would be applied now differs from what was approved, so nothing was applied."
