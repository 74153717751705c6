"""Who there is: people, teams, roles, tokens."""

from portal.accounts.models.team import Membership, Team
from portal.accounts.models.token import ApiToken
from portal.accounts.models.user import PlatformRole, User

__all__ = ["ApiToken", "Membership", "PlatformRole", "Team", "User"]
