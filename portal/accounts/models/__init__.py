"""Who there is: people, teams, roles, tokens, sessions."""

from portal.accounts.models.kept_key import KeptKey
from portal.accounts.models.session import BrowserSession
from portal.accounts.models.sign_in_count import SignInCount
from portal.accounts.models.team import Membership, Team
from portal.accounts.models.token import ApiToken
from portal.accounts.models.user import PlatformRole, User

__all__ = [
    "ApiToken",
    "BrowserSession",
    "KeptKey",
    "Membership",
    "PlatformRole",
    "SignInCount",
    "Team",
    "User",
]
