"""Why a source, or one version in it, was not read. Codes are stable: rows keep them, the API gives them."""

from __future__ import annotations

from portal.core.errors import InvalidInput, SlipwayError, StateConflict


class SourceFailed(SlipwayError):
    """The whole source could not be read; what was imported from it stays."""

    code = "source_failed"
    default_message = "The source could not be read."


class SourceRefusedUs(SourceFailed):
    code = "source_refused_us"
    default_message = "The source wants other credentials. Give a user name and secret that may read it."


class SourceNotFound(SourceFailed):
    code = "source_not_found"
    default_message = "There is nothing at this address. Look at the URL and the names."


class SourceUnwell(SourceFailed):
    """It answers with an error of its own."""

    code = "source_unwell"


class SourceUnreadable(SourceFailed):
    """It answers with something else than it should."""

    code = "source_unreadable"


class SourceTooLarge(SourceFailed):
    code = "source_too_large"


class GitMissing(SourceFailed):
    code = "git_missing"
    default_message = "There is no git (2.37 or newer) on this machine. Install it where workers run."


class SyncUnderWay(StateConflict):
    """Another worker reads the source at the moment."""

    code = "sync_under_way"
    default_message = "The source is being synchronised already. Wait for that to end."


class LeaseLost(StateConflict):
    """It took so long that another worker has taken over; nothing more may be written."""

    code = "sync_lease_lost"
    default_message = "Another worker has taken this source over."


class VersionRefused(InvalidInput):
    """One version is not taken, the rest goes on. `again`: another try may go better by itself."""

    code = "version_refused"

    def __init__(self, code: str, message: str, *, again: bool = False) -> None:
        super().__init__(message)
        self.reason, self.again = code, again
