"""The service: rules and time on one side, a repository on the other. It keeps no state."""

import secrets
import time
from collections.abc import Callable

from contracts.services.url_shortener import (
    ALPHABET,
    ATTEMPTS,
    CODE_LENGTH,
    RESERVED,
    AliasTaken,
    Gone,
    Link,
    NoFreeCode,
    Repository,
    UnknownCode,
)
from solutions.services.url_shortener.rules import checked_alias, checked_ttl, checked_url


def secure_code() -> str:
    """Draw a code that nobody can foretell."""
    return "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH))


class Shortener:
    """Makes, resolves and deletes links. See the contract."""

    def __init__(self, repository: Repository, codes: Callable[[], str] | None = None) -> None:
        self._repository = repository
        self._codes = secure_code if codes is None else codes

    def shorten(self, url: str, alias: str | None = None, ttl: int | None = None) -> Link:
        """Make a link under its alias or under the first free code that is drawn."""
        url, lifetime = checked_url(url), checked_ttl(ttl)
        if alias is not None:
            link = _new(checked_alias(alias), url, lifetime)
            if not self._repository.add(link):
                raise AliasTaken(f"{alias} is taken")
            return link
        for _ in range(ATTEMPTS):
            link = _new(self._codes(), url, lifetime)
            if link.code not in RESERVED and self._repository.add(link):
                return link
        raise NoFreeCode(f"{ATTEMPTS} codes were drawn, none was free")

    def resolve(self, code: str) -> str:
        """Return the URL, and count one hit."""
        link = self.look(code)
        self._repository.count_hit(code)
        return link.url

    def look(self, code: str) -> Link:
        """Return the link if it is alive."""
        link = self._repository.get(code)
        if link is None:
            raise UnknownCode(f"there is no link {code!r}")
        if link.deleted or (link.expires is not None and link.expires <= time.time()):
            raise Gone(f"the link {code!r} has expired or been deleted")
        return link

    def delete(self, code: str) -> None:
        """Delete the link; the repository says who was first."""
        self.look(code)
        if not self._repository.delete(code):
            raise Gone(f"the link {code!r} has been deleted")


def _new(code: str, url: str, lifetime: int | None) -> Link:
    now = time.time()
    return Link(code, url, now, None if lifetime is None else now + lifetime)
