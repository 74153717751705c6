"""How a registry is told who asks: the distribution specification's challenge, answered once for each scope.

https://distribution.github.io/distribution/spec/auth/token/
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode, urlsplit

from portal.core.outbound.calls import Answer
from portal.core.outbound.places import place_of
from services_catalog.sources.errors import SourceRefusedUs, SourceUnreadable
from services_catalog.sources.fetching import Fetcher, basic, check

# whose tokens come from a host that is no parent of the registry's
KNOWN_REALMS = {"registry-1.docker.io": "auth.docker.io"}
LONGEST_TOKEN = 32 * 1024
_PARAMETER = re.compile(r'(\w+)="([^"]*)"')


@dataclass
class Tokens:
    fetcher: Fetcher
    _answers: dict[str, str] = field(default_factory=dict)

    def get(
        self,
        url: str,
        repository: str,
        *,
        seconds: float,
        most_bytes: int,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """What the registry answers, after its challenge if it has one. A 401 then is the answer."""
        if not self.fetcher.is_ours(url):
            raise SourceUnreadable("The registry names another server for what it has to have itself.")

        def ask() -> Answer:
            known = self._answers.get(repository)
            fields = {**(headers or {}), **({"Authorization": known} if known else {})}
            return self.fetcher.get(
                url, seconds=seconds, most_bytes=most_bytes, headers=fields, personal=False
            )

        answer = ask()
        if answer.status == 401:
            self._answers[repository] = self._response(answer, repository)
            answer = ask()
        return answer

    def _response(self, answer: Answer, repository: str) -> str:
        """What to say to a challenge. Raises SourceRefusedUs when there is nothing to say."""
        scheme, _, rest = answer.headers.get("www-authenticate", "").strip().partition(" ")
        if scheme.lower() == "bearer":
            return f"Bearer {self._token(dict(_PARAMETER.findall(rest)), repository)}"
        if scheme.lower() == "basic" and self.fetcher.credentials:
            return basic(*self.fetcher.credentials)
        raise SourceRefusedUs

    def _token(self, challenge: Mapping[str, str], repository: str) -> str:
        realm = challenge.get("realm", "")
        wanted = {"service": challenge.get("service", ""), "scope": f"repository:{repository}:pull"}
        query = urlencode({name: value for name, value in wanted.items() if value})
        url = f"{realm}{'&' if urlsplit(realm).query else '?'}{query}"
        headers = {}
        if self.fetcher.credentials:
            self._check_realm(realm)
            headers["Authorization"] = basic(*self.fetcher.credentials)
        limits = self.fetcher.limits
        answer = self.fetcher.get(
            url,
            seconds=limits.answer_seconds,
            most_bytes=limits.answer_bytes,
            headers=headers,
            personal=False,
        )
        try:
            found = json.loads(check(answer, "The registry's token").body)
            token = found.get("token") or found.get("access_token")
        except (ValueError, AttributeError, RecursionError):
            token = None
        if not isinstance(token, str) or not 0 < len(token) <= LONGEST_TOKEN or not _is_word(token):
            raise SourceUnreadable("The registry's token server answers with something else than a token.")
        return token

    def _check_realm(self, realm: str) -> None:
        """Credentials go to the registry itself, or to the domain that it is in; a name of elsewhere could be
        anybody's. Raises SourceRefusedUs."""
        ours, theirs = place_of(self.fetcher.base), place_of(realm)
        if theirs.origin == ours.origin:
            return
        related = ours.host.endswith(f".{theirs.host}") or KNOWN_REALMS.get(ours.host) == theirs.host
        if not related or not theirs.encrypted:
            raise SourceRefusedUs(
                f"The registry wants the credentials to be sent to {theirs.host}, which is another server. "
                "They are not sent there."
            )


def _is_word(text: str) -> bool:
    return text.isascii() and text.isprintable() and " " not in text
