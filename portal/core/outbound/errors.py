"""Why an address was not called. Messages never name the address: its path may hold a token."""

from __future__ import annotations

from portal.core.errors import SlipwayError


class AddressRefused(SlipwayError):
    """An address that the portal will not call, wherever it leads today."""

    code = "address_refused"
    default_message = "The portal may not call this address."


class NotReached(SlipwayError):
    """Nothing answered as it should; another try may go better."""

    code = "not_reached"
    default_message = "It cannot be reached."


class TooSlow(NotReached):
    code = "not_reached_in_time"
    default_message = "It did not answer in time."


class NotTrusted(NotReached):
    code = "not_trusted"
    default_message = "Its certificate could not be verified."


class AnswerTooLarge(NotReached):
    code = "answer_too_large"
    default_message = "It answered with more than is accepted."
