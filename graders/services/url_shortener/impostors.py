"""Shorteners with one wrong idea each. `breaks` names the promise by which each is found."""

import contextlib
import dataclasses
import itertools
import os
import random
import re
import secrets
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from urllib.parse import quote, unquote, urlsplit, urlunsplit
from wsgiref.types import StartResponse, WSGIEnvironment

from contracts.services.url_shortener import (
    ALPHABET,
    ATTEMPTS,
    CODE_LENGTH,
    RESERVED,
    AliasTaken,
    BadLink,
    Gone,
    Link,
    NoFreeCode,
    Repository,
    StorageDown,
    UnknownCode,
)
from solutions.services import url_shortener as reference
from solutions.services.url_shortener import rules, sqlite
from solutions.web import Answer, Refused, as_json, read_body, read_json

Connect = Callable[..., sqlite3.Connection]


class _Shortener(reference.Shortener):
    """The reference with its parts as methods."""

    _repository: Any

    def url(self, url: Any) -> str:
        return rules.checked_url(url)

    def alias(self, alias: Any) -> str:
        return rules.checked_alias(alias)

    def ttl(self, ttl: Any) -> int | None:
        return rules.checked_ttl(ttl)

    def new(self, code: str, url: str, ttl: int | None) -> Link:
        now = time.time()
        return Link(code, url, now, None if ttl is None else now + ttl)

    def draw(self) -> str:
        return self._codes()

    def may_use(self, code: str) -> bool:
        return code not in RESERVED

    def shorten(self, url: str, alias: str | None = None, ttl: int | None = None) -> Link:
        url, ttl = self.url(url), self.ttl(ttl)
        if alias is not None:
            link = self.new(self.alias(alias), url, ttl)
            if not self._repository.add(link):
                raise AliasTaken(alias)
            return link
        for _ in range(ATTEMPTS):
            link = self.new(self.draw(), url, ttl)
            if self.may_use(link.code) and self._repository.add(link):
                return link
        raise NoFreeCode

    def is_dead(self, link: Link) -> bool:
        return link.deleted or (link.expires is not None and link.expires <= time.time())

    def look(self, code: str) -> Link:
        link = self._repository.get(code)
        if link is None:
            raise UnknownCode(code)
        if self.is_dead(link):
            raise Gone(code)
        return link  # type: ignore[no-any-return]


# --- URLs and codes -------------------------------------------------------------------------------


class UnescapesTheUrl:
    """Percent escapes are decoded on the way in. After YOURLS issue 2030."""

    breaks = "P1"

    class Shortener(_Shortener):
        def url(self, url: Any) -> str:
            return unquote(super().url(url))


class TidiesTheUrl:
    """The URL is taken apart and put together again: empty query and fragment are lost."""

    breaks = "P1"

    class Shortener(_Shortener):
        def url(self, url: Any) -> str:
            return urlunsplit(urlsplit(super().url(url)))


class OneLinkPerUrl:
    """A URL that is known gets the link that it has, with the hits and the end of another's."""

    breaks = "P1"

    class Shortener(_Shortener):
        def __init__(self, repository: Repository, codes: Callable[[], str] | None = None) -> None:
            super().__init__(repository, codes)
            self._known: dict[str, str] = {}

        def shorten(self, url: str, alias: str | None = None, ttl: int | None = None) -> Link:
            known = self._repository.get(self._known.get(url, ""))
            if alias is None and known is not None and not self.is_dead(known):
                return known  # type: ignore[no-any-return]
            link = super().shorten(url, alias, ttl)
            self._known[url] = link.code
            return link


class FreesExpiredCodes:
    """A code whose link has expired goes to the next who asks. After YOURLS-Expiry issue 27."""

    breaks = "P2"

    class MemoryRepository(reference.MemoryRepository):
        def add(self, link: Link) -> bool:
            with self._lock:
                there = self._links.get(link.code)
                if there is not None and (there.expires is None or there.expires > link.created):
                    return False
                self._links[link.code] = link
                return True


class FreesDeletedCodes:
    """Deleting removes the row: whoever asks next inherits the visitors. After rdyrct issue 76."""

    breaks = "P2"

    class SqliteRepository(reference.SqliteRepository):
        def delete(self, code: str) -> bool:
            return bool(self._run("DELETE FROM links WHERE code = ? RETURNING 1", code))


class TakenAliasIsReportedAsMade:
    """Nobody looks at what `add` answers: the alias still leads to its first URL.

    After modihere/shortweb issue 49.
    """

    breaks = "P2"

    class Shortener(_Shortener):
        def shorten(self, url: str, alias: str | None = None, ttl: int | None = None) -> Link:
            if alias is None:
                return super().shorten(url, alias, ttl)
            link = self.new(self.alias(alias), self.url(url), self.ttl(ttl))
            self._repository.add(link)
            return link


class _OtherTable(reference.SqliteRepository):
    """The reference on a table of another make."""

    schema = ""

    def __init__(self, path: str | os.PathLike[str], connect: Connect = sqlite3.connect) -> None:
        with contextlib.closing(connect(path, isolation_level=None)) as connection:
            connection.execute(self.schema)
        super().__init__(path, connect)


class CaseIsIgnored:
    """The column compares without case, as MySQL does. After harvard-lil/perma issue 311."""

    breaks = "P11"

    class SqliteRepository(_OtherTable):
        schema = sqlite._SCHEMA.replace("code TEXT", "code TEXT COLLATE NOCASE")


class NumbersForCodes:
    """The column has no type that keeps digits as text: 007 becomes 7."""

    breaks = "P11"

    class SqliteRepository(_OtherTable):
        schema = sqlite._SCHEMA.replace("code TEXT", "code STRING")


class AsksWithLike:
    """Codes are looked up with LIKE: `_` stands for any character, and every row is read."""

    breaks = "P16"

    class SqliteRepository(reference.SqliteRepository):
        def get(self, code: str) -> Link | None:
            statement = sqlite._GET.replace("code = ?", "code LIKE ?")
            for row in self._run(statement, code):
                if row[0] == code:
                    return Link(*row[:5], bool(row[5]))  # type: ignore[arg-type]
            return None


class PastesCodesIntoSql:
    """The code from the path becomes a part of the statement."""

    breaks = "P11"

    class SqliteRepository(reference.SqliteRepository):
        def get(self, code: str) -> Link | None:
            code = code.replace("\0", "")
            with self._connection() as connection, contextlib.suppress(sqlite3.OperationalError):
                statement = sqlite._GET.replace("?", f"'{code}'")
                for row in connection.execute(statement):
                    return Link(*row[:5], bool(row[5]))
            return None


# --- drawing codes --------------------------------------------------------------------------------


class DrawsOnce:
    """A code that collides is an error at once. After SinTan1729/chhoto-url issue 58."""

    breaks = "P3"

    class Shortener(_Shortener):
        def shorten(self, url: str, alias: str | None = None, ttl: int | None = None) -> Link:
            try:
                return super().shorten(url, alias or self.draw(), ttl)
            except AliasTaken:
                if alias is None:
                    raise NoFreeCode from None
                raise

        def alias(self, alias: Any) -> str:
            return alias if isinstance(alias, str) and alias.isalpha() else super().alias(alias)


class DrawsUntilFree:
    """Draws again and again, for ever if the codes have run out."""

    breaks = "P3"

    class Shortener(_Shortener):
        def shorten(self, url: str, alias: str | None = None, ttl: int | None = None) -> Link:
            while True:
                try:
                    return super().shorten(url, alias, ttl)
                except NoFreeCode:
                    continue


class DrawsReservedCodes:
    """Aliases are compared with the reserved words, drawn codes are not."""

    breaks = "P3"

    class Shortener(_Shortener):
        def may_use(self, code: str) -> bool:
            return True


class ReservedCodesAreStored:
    """A reserved code is drawn again, but only after its link has been stored."""

    breaks = "P3"

    class Shortener(_Shortener):
        def shorten(self, url: str, alias: str | None = None, ttl: int | None = None) -> Link:
            if alias is not None:
                return super().shorten(url, alias, ttl)
            url, ttl = self.url(url), self.ttl(ttl)
            for _ in range(ATTEMPTS):
                link = self.new(self.draw(), url, ttl)
                if self._repository.add(link) and link.code not in RESERVED:
                    return link
            raise NoFreeCode


class CountsTheRetries:
    """ATTEMPTS is taken for the draws after the first one."""

    breaks = "P3"

    class Shortener(_Shortener):
        def draw(self) -> str:
            drawn = super().draw()
            if self._repository.get(drawn) is not None and not getattr(self, "_again", False):
                self._again = True
                return super().draw()
            return drawn


class CountsInBase62:
    """Codes are numbers that go up by one. After shlinkio/shlink issue 491."""

    breaks = "P4"

    class Shortener(_Shortener):
        def __init__(self, repository: Repository, codes: Callable[[], str] | None = None) -> None:
            numbers = itertools.count(62**6)

            def count() -> str:
                number, code = next(numbers), ""
                while number:
                    number, digit = divmod(number, 62)
                    code = ALPHABET[digit] + code
                return code

            super().__init__(repository, codes or count)


class SeededByTheClock:
    """A generator of random numbers that starts from the time of day."""

    breaks = "P4"

    class Shortener(_Shortener):
        def __init__(self, repository: Repository, codes: Callable[[], str] | None = None) -> None:
            dice = random.Random(time.time())
            super().__init__(
                repository, codes or (lambda: "".join(dice.choices(ALPHABET, k=CODE_LENGTH)))
            )


class ModuleRandom:
    """The module's generator: a few codes tell all that follow. After hexlet runit issue 965."""

    breaks = "P4"

    class Shortener(_Shortener):
        def __init__(self, repository: Repository, codes: Callable[[], str] | None = None) -> None:
            super().__init__(
                repository, codes or (lambda: "".join(random.choices(ALPHABET, k=CODE_LENGTH)))
            )


class HexCodes:
    """Secure, but of sixteen characters: one code in 13,000 of those that were promised."""

    breaks = "P4"

    class Shortener(_Shortener):
        def __init__(self, repository: Repository, codes: Callable[[], str] | None = None) -> None:
            super().__init__(repository, codes or (lambda: secrets.token_hex(4)[:CODE_LENGTH]))


# --- expiry ---------------------------------------------------------------------------------------


class AliveAtItsLastInstant:
    """`<` where `<=` belongs. After the review of xthxr/piik.me PR 350."""

    breaks = "P5"

    class Shortener(_Shortener):
        def is_dead(self, link: Link) -> bool:
            return link.deleted or (link.expires is not None and link.expires < time.time())


class MonotonicExpiry:
    """Deadlines by the monotonic clock, which means nothing to the next process."""

    breaks = "P5"

    class Shortener(_Shortener):
        def __init__(self, repository: Repository, codes: Callable[[], str] | None = None) -> None:
            super().__init__(repository, codes)
            self._offset = time.time() - time.monotonic()

        def is_dead(self, link: Link) -> bool:
            now = time.monotonic() + self._offset
            return link.deleted or (link.expires is not None and link.expires <= now)


class WholeSeconds:
    """Instants are cut to whole seconds."""

    breaks = "P5"

    class Shortener(_Shortener):
        def new(self, code: str, url: str, ttl: int | None) -> Link:
            now = float(int(time.time()))
            return Link(code, url, now, None if ttl is None else now + ttl)


class RemembersUnknownCodes:
    """Who has asked for a code in vain gets the same answer for a minute, whatever others make."""

    breaks = "P12"
    mistake = "consistency claim"

    class Shortener(_Shortener):
        def __init__(self, repository: Repository, codes: Callable[[], str] | None = None) -> None:
            super().__init__(repository, codes)
            self._unknown: dict[str, float] = {}

        def look(self, code: str) -> Link:
            if time.monotonic() < self._unknown.get(code, 0.0):
                raise UnknownCode(code)
            try:
                return super().look(code)
            except UnknownCode:
                self._unknown[code] = time.monotonic() + 60
                raise

        def shorten(self, url: str, alias: str | None = None, ttl: int | None = None) -> Link:
            link = super().shorten(url, alias, ttl)
            self._unknown.pop(link.code, None)
            return link


class VisitsProlong:
    """The ttl counts from the last visit."""

    breaks = "P5"

    class Shortener(_Shortener):
        def __init__(self, repository: Repository, codes: Callable[[], str] | None = None) -> None:
            super().__init__(repository, codes)
            self._seen: dict[str, float] = {}

        def is_dead(self, link: Link) -> bool:
            if link.deleted or link.expires is None:
                return link.deleted
            now = time.time()
            dead = now >= self._seen.get(link.code, link.created) + link.expires - link.created
            if not dead:
                self._seen[link.code] = now
            return dead


class RemembersLiveLinks:
    """Links are kept in the service for a minute, and expiry is not looked at again.

    After LinkForty/core PR 34.
    """

    breaks = "P5"

    class Shortener(_Shortener):
        def __init__(self, repository: Repository, codes: Callable[[], str] | None = None) -> None:
            super().__init__(repository, codes)
            self._until: dict[str, float] = {}

        def is_dead(self, link: Link) -> bool:
            if link.deleted:
                return True
            if time.monotonic() < self._until.get(link.code, 0.0):
                return False
            if super().is_dead(link):
                return True
            self._until[link.code] = time.monotonic() + 60
            return False


# --- rules ----------------------------------------------------------------------------------------


class ForbidsWhatItKnows:
    """A list of bad schemes, and everything else is good. After xthxr/piik.me issue 125."""

    breaks = "P6"

    class Shortener(_Shortener):
        def url(self, url: Any) -> str:
            try:
                return super().url(url)
            except BadLink:
                bad = ("javascript:", "data:", "file:", "vbscript:")
                known = isinstance(url, str) and re.fullmatch(r"[a-z+.-]+:[!-\[\]-~]+", url)
                if not known or url.startswith(("http", *bad)):
                    raise
                return str(url)


class UrlsplitDecides:
    """`urlsplit` finds scheme and host; what it drops silently stays in the URL."""

    breaks = "P6"

    class Shortener(_Shortener):
        def url(self, url: Any) -> str:
            try:
                parts = urlsplit(url)
                good = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
            except (ValueError, TypeError, AttributeError) as error:
                raise BadLink from error
            if not good or not isinstance(url, str) or len(url) > 2_048:
                raise BadLink
            return url


class AllowsUserNames:
    """https://bank.example@evil.example leads to evil.example."""

    breaks = "P6"

    class Shortener(_Shortener):
        def url(self, url: Any) -> str:
            if isinstance(url, str):
                super().url(re.sub(r"(?<=//)[\w:.]+@", "", url))
                return url
            return super().url(url)


class AllowsBackslashes:
    """A browser takes a backslash for a slash: this is another host than it says."""

    breaks = "P6"

    class Shortener(_Shortener):
        def url(self, url: Any) -> str:
            super().url(url.replace("\\", "/") if isinstance(url, str) else url)
            return str(url)


class StripsTheUrl:
    """White space around a URL is taken off, and what remains is fine."""

    breaks = "P6"

    class Shortener(_Shortener):
        def url(self, url: Any) -> str:
            return super().url(url.strip() if isinstance(url, str) else url)


class AnyPort:
    """Ports are digits, however many."""

    breaks = "P6"

    class Shortener(_Shortener):
        def url(self, url: Any) -> str:
            if isinstance(url, str):
                super().url(re.sub(r"^(https?://[^/?#]*:)\d+", r"\g<1>80", url))
                if len(url) <= 2_048:
                    return url
            return super().url(url)


class DollarMatchesBeforeTheLineEnd:
    """`^...$` lets an alias end in a newline."""

    breaks = "P7"

    class Shortener(_Shortener):
        def alias(self, alias: Any) -> str:
            if isinstance(alias, str) and alias.endswith("\n"):
                super().alias(alias[:-1])
                return alias
            return super().alias(alias)


class LettersOfTheWorld:
    """`isalnum` is true for letters and digits of every script."""

    breaks = "P7"

    class Shortener(_Shortener):
        def alias(self, alias: Any) -> str:
            if isinstance(alias, str) and 3 <= len(alias) <= 32 and alias.isalnum():
                return super().alias(alias) if alias.isascii() else alias
            return super().alias(alias)


class ReservedAliases:
    """An alias may be `links`: it is accepted and never reached. After shlinkio/shlink issue 1173."""

    breaks = "P7"

    class Shortener(_Shortener):
        def alias(self, alias: Any) -> str:
            return str(alias) if alias in [*RESERVED] else super().alias(alias)


class TrueIsATtl:
    """A bool is an int: `ttl=True` lives for one second."""

    breaks = "P7"

    class Shortener(_Shortener):
        def ttl(self, ttl: Any) -> int | None:
            return super().ttl(int(ttl) if isinstance(ttl, bool) else ttl)


class RulesAfterTheDraw:
    """The ttl is looked at when a code has been drawn and the link is about to be stored."""

    breaks = "P7"

    class Shortener(_Shortener):
        def shorten(self, url: str, alias: str | None = None, ttl: int | None = None) -> Link:
            if alias is not None:
                return super().shorten(url, alias, ttl)
            url = self.url(url)
            for _ in range(ATTEMPTS):
                link = self.new(self.draw(), url, self.ttl(ttl))
                if self.may_use(link.code) and self._repository.add(link):
                    return link
            raise NoFreeCode


# --- hits -----------------------------------------------------------------------------------------


class ReadsThenWritesHits:
    """Reads the hits, adds one, writes them: two visitors at once are one."""

    breaks = "P8"
    mistake = "check then act"

    class SqliteRepository(reference.SqliteRepository):
        def count_hit(self, code: str) -> None:
            link = self.get(code)
            if link is not None:
                self._run("UPDATE links SET hits = ? WHERE code = ?", link.hits + 1, code)


class HitsWithoutALock:
    """`hits += 1` in memory, from many threads."""

    breaks = "P8"

    class MemoryRepository(reference.MemoryRepository):
        def count_hit(self, code: str) -> None:
            link = self._links.get(code)
            if link is not None:
                self._links[code] = dataclasses.replace(link, hits=link.hits + 1)


class CountsInBatches:
    """Hits wait in memory until there are ten of them, and die with the process."""

    breaks = "P8"
    mistake = "consistency claim"

    class SqliteRepository(reference.SqliteRepository):
        def __init__(
            self, path: str | os.PathLike[str], connect: Connect = sqlite3.connect
        ) -> None:
            super().__init__(path, connect)
            self._batch_lock = threading.Lock()
            self._waiting: dict[str, int] = {}

        def count_hit(self, code: str) -> None:
            with self._batch_lock:
                self._waiting[code] = self._waiting.get(code, 0) + 1
                full = sum(self._waiting.values()) >= 10
            if full:
                self.flush()

        def flush(self) -> None:
            with self._batch_lock:
                for code, hits in self._waiting.items():
                    self._run("UPDATE links SET hits = hits + ? WHERE code = ?", hits, code)
                self._waiting.clear()

        def get(self, code: str) -> Link | None:
            link = super().get(code)
            with self._batch_lock:
                more = self._waiting.get(code, 0)
            return link and dataclasses.replace(link, hits=link.hits + more)

        def close(self) -> None:
            self.flush()
            super().close()


class CountsTheDead:
    """The hit is counted before anybody looks whether the link is alive."""

    breaks = "P8"

    class Shortener(_Shortener):
        def resolve(self, code: str) -> str:
            self._repository.count_hit(code)
            return self.look(code).url


class CountsBehind:
    """A thread counts when the redirect is out: the answer comes before the hit is stored."""

    breaks = "P8"
    mistake = "consistency claim"

    class Shortener(_Shortener):
        def resolve(self, code: str) -> str:
            link = self.look(code)
            threading.Thread(target=self._repository.count_hit, args=(code,)).start()
            return link.url


class HeadIsAVisit:
    """Previews and scanners count as visitors. After dubinc/dub issue 2309."""

    breaks = "P8"

    class ShortenerApp(reference.ShortenerApp):
        def _point_to(self, code: str) -> Answer:
            return self._follow(code)


# --- one winner -----------------------------------------------------------------------------------


class LooksThenReplaces:
    """Looks whether the code is free, then writes whatever is there by now."""

    breaks = "P9"
    mistake = "check then act"

    class SqliteRepository(reference.SqliteRepository):
        def add(self, link: Link) -> bool:
            if self.get(link.code) is not None:
                return False
            self._run(sqlite._ADD.replace("INSERT", "INSERT OR REPLACE", 1), *_row(link))
            return True


class LosersCrash:
    """Looks, then inserts; who loses in between gets an error instead of an answer.

    After fabriziosalmi/nis2-public PR 144.
    """

    breaks = "P9"
    mistake = "check then act"

    class SqliteRepository(reference.SqliteRepository):
        def add(self, link: Link) -> bool:
            if self.get(link.code) is not None:
                return False
            self._run(sqlite._ADD.replace("ON CONFLICT DO NOTHING", ""), *_row(link))
            return True


class ALockOfOneProcess:
    """Looks and writes under a lock, which other processes do not know of."""

    breaks = "P9"
    mistake = "check then act"

    class SqliteRepository(LooksThenReplaces.SqliteRepository):
        def __init__(
            self, path: str | os.PathLike[str], connect: Connect = sqlite3.connect
        ) -> None:
            super().__init__(path, connect)
            self._adding = threading.Lock()

        def add(self, link: Link) -> bool:
            with self._adding:
                return super().add(link)


class TheServiceLooksFirst:
    """The service asks whether the code is free, and trusts the answer."""

    breaks = "P9"
    mistake = "check then act"

    class Shortener(_Shortener):
        def shorten(self, url: str, alias: str | None = None, ttl: int | None = None) -> Link:
            url, ttl = self.url(url), self.ttl(ttl)
            if alias is not None:
                self.alias(alias)
                if self._repository.get(alias) is not None:
                    raise AliasTaken(alias)
            for _ in range(ATTEMPTS):
                code = alias or self.draw()
                if code not in RESERVED and self._repository.get(code) is None:
                    link = self.new(code, url, ttl)
                    self._repository.add(link)
                    return link
            raise NoFreeCode


class EverybodyHasDeleted:
    """Whoever finds the link alive has deleted it."""

    breaks = "P9"
    mistake = "check then act"

    class SqliteRepository(reference.SqliteRepository):
        def delete(self, code: str) -> bool:
            link = self.get(code)
            if link is None or link.deleted:
                return False
            self._run("UPDATE links SET deleted = 1 WHERE code = ?", code)
            return True


class UpgradesItsTransaction:
    """A transaction reads first and writes then: SQLite cannot wait, and fails at once.

    After alireza0/s-ui issue 1209.
    """

    breaks = "P9"

    class SqliteRepository(reference.SqliteRepository):
        def add(self, link: Link) -> bool:
            with self._connection() as connection:
                connection.execute("BEGIN")
                found = connection.execute(sqlite._GET, (link.code,)).fetchall()
                if not found:
                    connection.execute(sqlite._ADD, _row(link)).fetchall()
                connection.execute("COMMIT")
                return not found


def _row(link: Link) -> tuple[object, ...]:
    return (link.code, link.url, link.created, link.expires, link.hits, link.deleted)


# --- gone, and in the file ------------------------------------------------------------------------


class RemembersWhatItHasRead:
    """A cache in the repository: what another process deletes lives on in this one."""

    breaks = "P10"
    mistake = "consistency claim"

    class SqliteRepository(reference.SqliteRepository):
        def __init__(
            self, path: str | os.PathLike[str], connect: Connect = sqlite3.connect
        ) -> None:
            super().__init__(path, connect)
            self._known: dict[str, Link] = {}

        def get(self, code: str) -> Link | None:
            link = super().get(code)
            if link is None:
                return None
            # The hits are fresh; whether it is deleted was looked at once, for speed.
            deleted = self._known.setdefault(code, link).deleted
            return dataclasses.replace(link, deleted=deleted)

        def delete(self, code: str) -> bool:
            self._known.pop(code, None)
            return super().delete(code)


class DeletesAnOldCopy:
    """Deleting writes back the whole link as it was read: hits in between are lost."""

    breaks = "P10"

    class MemoryRepository(reference.MemoryRepository):
        def delete(self, code: str) -> bool:
            link = self.get(code)
            with self._lock:
                if link is None or self._links[code].deleted:
                    return False
                self._links[code] = dataclasses.replace(link, deleted=True)
                return True


class ForgetsToCommit:
    """The module's implicit transaction is never ended: the next process finds nothing."""

    breaks = "P12"

    class SqliteRepository(reference.SqliteRepository):
        def __init__(
            self, path: str | os.PathLike[str], connect: Connect = sqlite3.connect
        ) -> None:
            super().__init__(path, connect)
            self._mine = threading.Lock()
            self._one = connect(path, timeout=0.1, check_same_thread=False)

        def _run(self, statement: str, *values: object) -> Any:
            try:
                with self._mine:
                    return self._one.execute(statement, values).fetchall()
            except sqlite3.Error as error:
                raise StorageDown from error

        def close(self) -> None:
            self._one.commit()
            self._one.close()
            super().close()


class WritesBehind:
    """New links are answered from memory; a thread writes them to the file when it comes to it."""

    breaks = "P12"
    mistake = "consistency claim"

    class SqliteRepository(reference.SqliteRepository):
        def __init__(
            self, path: str | os.PathLike[str], connect: Connect = sqlite3.connect
        ) -> None:
            super().__init__(path, connect)
            self._fresh: dict[str, Link] = {}
            self._writers: list[threading.Thread] = []

        def add(self, link: Link) -> bool:
            if self.get(link.code) is not None:
                return False
            if self._fresh.setdefault(link.code, link) is not link:
                return False
            writer = threading.Thread(target=self._write, args=(link,), daemon=True)
            self._writers.append(writer)
            writer.start()
            return True

        def _write(self, link: Link) -> None:
            super().add(link)
            self._fresh.pop(link.code, None)

        def get(self, code: str) -> Link | None:
            return super().get(code) or self._fresh.get(code)

        def count_hit(self, code: str) -> None:
            self._settle()
            super().count_hit(code)

        def delete(self, code: str) -> bool:
            self._settle()
            return super().delete(code)

        def _settle(self) -> None:
            while self._writers:
                self._writers.pop().join()

        def close(self) -> None:
            self._settle()
            super().close()


class AddsInTwoSteps:
    """A row first, its hits and URL then: killed in between, it leaves half a link."""

    breaks = "P12"

    class SqliteRepository(reference.SqliteRepository):
        def add(self, link: Link) -> bool:
            empty = dataclasses.replace(link, url="", expires=None, deleted=True)
            if not super().add(empty):
                return False
            self._run(
                "UPDATE links SET url = ?, expires = ?, deleted = ? WHERE code = ?",
                link.url,
                link.expires,
                link.deleted,
                link.code,
            )
            return True


# --- waiting and failing --------------------------------------------------------------------------


class _OtherOpening(reference.SqliteRepository):
    """The reference with other arguments for `connect`."""

    timeout = 5.0

    def _open(self) -> sqlite3.Connection:
        return self._connect(
            self._path, timeout=self.timeout, isolation_level=None, check_same_thread=False
        )


class DoesNotWait:
    """No busy timeout: a lock of a millisecond is an error. After cachethq/cachet issue 4620."""

    breaks = "P13"

    class SqliteRepository(_OtherOpening):
        timeout = 0.0


class WaitsTooLong:
    """A busy timeout that no caller outlives."""

    breaks = "P13"
    mistake = "no time limit"

    class SqliteRepository(_OtherOpening):
        timeout = 86_400.0


class QueuesBehindOneConnection:
    """One connection, one lock: whoever comes while a write waits waits behind it, readers too."""

    breaks = "P13"
    mistake = "global lock"

    class SqliteRepository(reference.SqliteRepository):
        def __init__(
            self, path: str | os.PathLike[str], connect: Connect = sqlite3.connect
        ) -> None:
            super().__init__(path, connect)
            self._turn = threading.Lock()

        def _run(self, statement: str, *values: object) -> Any:
            with self._turn:
                return super()._run(statement, *values)


class WritersQueue:
    """Readers have a connection of their own; writers wait one after another, 5 s each."""

    breaks = "P13"
    mistake = "global lock"

    class SqliteRepository(reference.SqliteRepository):
        def __init__(
            self, path: str | os.PathLike[str], connect: Connect = sqlite3.connect
        ) -> None:
            super().__init__(path, connect)
            self._turn = threading.Lock()

        def _run(self, statement: str, *values: object) -> Any:
            with contextlib.nullcontext() if statement == sqlite._GET else self._turn:
                return super()._run(statement, *values)


class WaitsByTheWallClock:
    """Tries again until five seconds have passed on a clock that an administrator can set."""

    breaks = "P13"
    mistake = "wall clock"

    class SqliteRepository(_OtherOpening):
        timeout = 0.0

        def _run(self, statement: str, *values: object) -> Any:
            deadline = time.time() + 5
            while True:
                try:
                    return super()._run(statement, *values)
                except StorageDown as error:
                    if time.time() >= deadline or "locked" not in str(error):
                        raise
                time.sleep(0.25)


class NoWal:
    """The journal that SQLite starts with: a writer that commits locks all readers out."""

    breaks = "P13"

    class SqliteRepository(reference.SqliteRepository):
        @contextlib.contextmanager
        def _connection(self) -> Iterator[sqlite3.Connection]:
            with super()._connection() as connection:
                yield _WithoutWal(connection)  # type: ignore[misc]


class _WithoutWal:
    """A connection that leaves the journal as it is."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def execute(self, statement: str, *values: Any) -> sqlite3.Cursor:
        if statement.startswith("PRAGMA"):
            statement = "SELECT 1"
        return self._connection.execute(statement, *values)


class _OneWriter(reference.SqliteRepository):
    """Writes in transactions, on one connection; what happens to them is a subclass's business."""

    def __init__(self, path: str | os.PathLike[str], connect: Connect = sqlite3.connect) -> None:
        super().__init__(path, connect)
        with self._connection():
            self._writer = self._open()

    def _run(self, statement: str, *values: object) -> Any:
        if statement == sqlite._GET:
            return super()._run(statement, *values)
        try:
            return self._write(statement, values)
        except sqlite3.Error as error:
            raise StorageDown(str(error)) from error

    def _write(self, statement: str, values: tuple[object, ...]) -> Any:
        raise NotImplementedError

    def close(self) -> None:
        self._writer.close()
        super().close()


class LeavesItsTransactionOpen:
    """After an error nobody rolls back: the file stays locked for all others."""

    breaks = "P14"

    class SqliteRepository(_OneWriter):
        def _write(self, statement: str, values: tuple[object, ...]) -> Any:
            if not self._writer.in_transaction:
                self._writer.execute("BEGIN IMMEDIATE")
            found = self._writer.execute(statement, values).fetchall()
            self._writer.execute("COMMIT")
            return found


class OnlyOperationalErrors:
    """Other errors of SQLite than the usual one pass through."""

    breaks = "P14"

    class SqliteRepository(reference.SqliteRepository):
        @contextlib.contextmanager
        def _connection(self) -> Iterator[sqlite3.Connection]:
            try:
                with super()._connection() as connection:
                    yield connection
            except StorageDown as error:
                if type(error.__cause__) is sqlite3.DatabaseError:
                    raise error.__cause__ from None
                raise


class ErrorsMeanNo:
    """A full disk is reported as a code that is taken."""

    breaks = "P14"

    class SqliteRepository(reference.SqliteRepository):
        def add(self, link: Link) -> bool:
            try:
                return super().add(link)
            except StorageDown:
                return False


class FailedHitsAreForgotten:
    """A hit that cannot be stored is dropped, so that the redirect goes on."""

    breaks = "P14"

    class SqliteRepository(reference.SqliteRepository):
        def count_hit(self, code: str) -> None:
            with contextlib.suppress(StorageDown):
                super().count_hit(code)


class OneErrorIsTheEnd:
    """After an error the connections are closed, and handed out all the same."""

    breaks = "P14"

    class SqliteRepository(reference.SqliteRepository):
        def _run(self, statement: str, *values: object) -> Any:
            try:
                return super()._run(statement, *values)
            except StorageDown:
                broken = self._connect(self._path, check_same_thread=False)
                broken.close()
                self._idle.append(broken)
                raise


# --- connections, cost, locks ---------------------------------------------------------------------


class AConnectionForEveryThreadEver:
    """A connection per thread, in a list, so that close can find them: they are never fewer."""

    breaks = "P15"

    class SqliteRepository(reference.SqliteRepository):
        def __init__(
            self, path: str | os.PathLike[str], connect: Connect = sqlite3.connect
        ) -> None:
            self._local = threading.local()
            self._all: list[sqlite3.Connection] = []
            super().__init__(path, connect)

        @contextlib.contextmanager
        def _connection(self) -> Iterator[sqlite3.Connection]:
            try:
                if not hasattr(self._local, "connection"):
                    self._local.connection = self._open()
                    self._all.append(self._local.connection)
                yield self._local.connection
            except sqlite3.Error as error:
                raise StorageDown(str(error)) from error

        def close(self) -> None:
            while self._all:
                self._all.pop().close()


class KeepsEveryConnection:
    """A pool without an upper limit: after a jam its connections stay open for ever."""

    breaks = "P15"

    class SqliteRepository(reference.SqliteRepository):
        @contextlib.contextmanager
        def _connection(self) -> Iterator[sqlite3.Connection]:
            try:
                connection = self._idle.pop() if self._idle else self._open()
                with contextlib.ExitStack() as stack:
                    stack.callback(connection.close)
                    yield connection
                    stack.pop_all()
                    self._idle.append(connection)
            except sqlite3.Error as error:
                raise StorageDown(str(error)) from error


class OpensTheFileItself:
    """Reading goes past `connect`."""

    breaks = "P15"

    class SqliteRepository(reference.SqliteRepository):
        def get(self, code: str) -> Link | None:
            with contextlib.closing(sqlite3.connect(self._path)) as connection:
                for row in connection.execute(sqlite._GET, (code,)):
                    return Link(*row[:5], bool(row[5]))
            return None


class FollowsTheCurrentFolder:
    """A relative path is looked up anew for each connection: after a chdir it is another file."""

    breaks = "P12"

    class SqliteRepository(reference.SqliteRepository):
        def __init__(
            self, path: str | os.PathLike[str], connect: Connect = sqlite3.connect
        ) -> None:
            super().__init__(path, connect)
            self._path = os.fspath(path)
            self.close()


class NothingIsClosed:
    """`close` leaves it to the garbage collector."""

    breaks = "P15"

    class SqliteRepository(reference.SqliteRepository):
        def close(self) -> None:
            pass


class BoundToItsThread:
    """One connection that only the thread which opened it may use."""

    breaks = "P15"

    class SqliteRepository(reference.SqliteRepository):
        def _open(self) -> sqlite3.Connection:
            return self._connect(self._path, timeout=5.0, isolation_level=None)


class AListOfLinks:
    """Links in a list, found by walking along it."""

    breaks = "P16"

    class MemoryRepository(reference.MemoryRepository):
        def __init__(self) -> None:
            super().__init__()
            self._codes_seen: list[str] = []

        def add(self, link: Link) -> bool:
            if link.code in self._codes_seen or not super().add(link):
                return False
            self._codes_seen.append(link.code)
            return True


class NoIndex:
    """A table without a key: every row is looked at."""

    breaks = "P16"

    class SqliteRepository(_OtherTable):
        schema = sqlite._SCHEMA.replace(" PRIMARY KEY", "").replace("WITHOUT ROWID", "")

        def add(self, link: Link) -> bool:
            with self._connection() as connection:
                connection.execute("BEGIN IMMEDIATE")
                found = connection.execute(sqlite._GET, (link.code,)).fetchall()
                if not found:
                    statement = sqlite._ADD.replace("ON CONFLICT DO NOTHING", "")
                    connection.execute(statement, _row(link)).fetchall()
                connection.execute("COMMIT")
                return not found


class OneLockForEverything:
    """The shortener takes one call at a time: a slow disk stops the redirects of all."""

    breaks = "P17"
    mistake = "global lock"

    class Shortener(_Shortener):
        def __init__(self, repository: Repository, codes: Callable[[], str] | None = None) -> None:
            super().__init__(repository, codes)
            self._turn = threading.RLock()

        def shorten(self, url: str, alias: str | None = None, ttl: int | None = None) -> Link:
            with self._turn:
                return super().shorten(url, alias, ttl)

        def resolve(self, code: str) -> str:
            with self._turn:
                return super().resolve(code)


class DrawsUnderALock:
    """Codes are drawn one at a time: a slow source holds up everybody who needs one."""

    breaks = "P17"
    mistake = "global lock"

    class Shortener(_Shortener):
        def __init__(self, repository: Repository, codes: Callable[[], str] | None = None) -> None:
            super().__init__(repository, codes)
            self._drawing = threading.Lock()

        def draw(self) -> str:
            with self._drawing:
                return super().draw()


# --- HTTP -----------------------------------------------------------------------------------------


class MovedPermanently:
    """301: browsers do not ask again. After miantiao-me/Sink PR 302."""

    breaks = "P18"

    class ShortenerApp(reference.ShortenerApp):
        def _follow(self, code: str) -> Answer:
            return super()._follow(code)._replace(status=301)

        def _point_to(self, code: str) -> Answer:
            return super()._point_to(code)._replace(status=301)


class EscapesTheLocation:
    """The URL is escaped once more on its way out. After YOURLS issue 1303."""

    breaks = "P18"

    class ShortenerApp(reference.ShortenerApp):
        def _follow(self, code: str) -> Answer:
            answer = super()._follow(code)
            (name, url), *_ = answer.headers
            return answer._replace(headers=((name, quote(url, safe=":/?#[]@&=")),))


class RedirectsUncounted:
    """A redirect whose hit cannot be stored goes out all the same."""

    breaks = "P18"

    class ShortenerApp(reference.ShortenerApp):
        def _follow(self, code: str) -> Answer:
            try:
                return super()._follow(code)
            except StorageDown:
                return self._point_to(code)


class GoneIsNotFound:
    """What is gone is answered as if it had never been."""

    breaks = "P18"

    class ShortenerApp(reference.ShortenerApp):
        def _answer(self, environ: WSGIEnvironment) -> Answer:
            try:
                return super()._answer(environ)
            except Refused as refused:
                if refused.answer.status == 410:
                    raise Refused(404, "no such link") from None
                raise


class FallsOverWhenTheStorageDoes:
    """Errors of the storage are nobody's business, and become 500."""

    breaks = "P19"

    class ShortenerApp(reference.ShortenerApp):
        def _answer(self, environ: WSGIEnvironment) -> Answer:
            try:
                return super()._answer(environ)
            except Refused as refused:
                if refused.answer.status == 503:
                    return as_json(500, {"error": "internal error"})
                raise


class SlashesAtTheEnd:
    """/code/ is taken for /code."""

    breaks = "P19"

    class ShortenerApp(reference.ShortenerApp):
        def _answer(self, environ: WSGIEnvironment) -> Answer:
            path = environ["PATH_INFO"]
            return super()._answer(environ | {"PATH_INFO": path.rstrip("/") or "/"})


class AnyTypeWillDo:
    """The type of the body is not looked at: forms of other sites can make links."""

    breaks = "P19"

    class ShortenerApp(reference.ShortenerApp):
        def _create(self, environ: WSGIEnvironment) -> Answer:
            return super()._create(environ | {"CONTENT_TYPE": "application/json"})


class UnknownKeysAreIgnored:
    """`tll` is no mistake, and the link lives for ever."""

    breaks = "P19"

    class ShortenerApp(reference.ShortenerApp):
        def _create(self, environ: WSGIEnvironment) -> Answer:
            content = read_json(environ, 8_192)
            if "url" not in content:
                raise Refused(400, "no url")
            known = {name: content[name] for name in content if name in {"url", "alias", "ttl"}}
            link = self._shortener.shorten(**known)
            return as_json(201, self._shown(link), ("Location", f"/links/{link.code}"))


class KindToNumbers:
    """`int()` makes a ttl of whatever it can."""

    breaks = "P19"

    class Shortener(_Shortener):
        def ttl(self, ttl: Any) -> int | None:
            if isinstance(ttl, float) and ttl.is_integer():
                ttl = int(ttl)
            return super().ttl(ttl)


class AllowsWhatItRefuses:
    """405 without saying what is allowed."""

    breaks = "P19"

    class ShortenerApp(reference.ShortenerApp):
        def _answer(self, environ: WSGIEnvironment) -> Answer:
            try:
                return super()._answer(environ)
            except Refused as refused:
                if refused.answer.status == 405:
                    raise Refused(405, "not here", ("Allow", "GET, POST, DELETE")) from None
                raise


class ReadsTheLot:
    """A read without a length swallows the next request."""

    breaks = "P20"

    class ShortenerApp(reference.ShortenerApp):
        def _create(self, environ: WSGIEnvironment) -> Answer:
            answer = super()._create(environ)
            environ["wsgi.input"].read(-1)
            return answer


class ReadsBeforeItLooks:
    """The body is read before its type is looked at."""

    breaks = "P20"

    class ShortenerApp(reference.ShortenerApp):
        def _create(self, environ: WSGIEnvironment) -> Answer:
            with contextlib.suppress(Refused):
                position = environ["wsgi.input"].tell()
                read_body(environ, 8_192)
                if "json" in environ.get("CONTENT_TYPE", ""):
                    environ["wsgi.input"].seek(position)
            return super()._create(environ)


class HalfABodyWillDo:
    """A body that ends early is taken for the whole if it happens to be JSON."""

    breaks = "P20"

    class ShortenerApp(reference.ShortenerApp):
        def _create(self, environ: WSGIEnvironment) -> Answer:
            try:
                return super()._create(environ)
            except Refused as refused:
                stream = environ["wsgi.input"]
                if b"ended after" not in refused.answer.body or not stream.seekable():
                    raise
                length = stream.tell()
                stream.seek(0)
                return super()._create(environ | {"CONTENT_LENGTH": str(length)})


class HostDecides:
    """The short link is made from the Host header. After sahat/hackathon-starter issue 1326."""

    breaks = "P21"

    class ShortenerApp(reference.ShortenerApp):
        def __call__(
            self, environ: WSGIEnvironment, start_response: StartResponse
        ) -> Iterable[bytes]:
            front = reference.ShortenerApp(self._shortener, f"http://{environ.get('HTTP_HOST')}")
            return front(environ, start_response)


class OnlyRedirectsAreFresh:
    """Nothing forbids to keep a 404 or a 410: an alias made a minute later is not found."""

    breaks = "P21"

    class ShortenerApp(reference.ShortenerApp):
        def __call__(
            self, environ: WSGIEnvironment, start_response: StartResponse
        ) -> Iterable[bytes]:
            def start(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
                if status[:1] == "4":
                    headers = [each for each in headers if each[0] != "Cache-Control"]
                return start_response(status, headers, *more)

            return super().__call__(environ, start)


class HeadersOverride:
    """A header that proxies may set decides on the method."""

    breaks = "P21"

    class ShortenerApp(reference.ShortenerApp):
        def __call__(
            self, environ: WSGIEnvironment, start_response: StartResponse
        ) -> Iterable[bytes]:
            method = environ.get("HTTP_X_HTTP_METHOD_OVERRIDE", environ["REQUEST_METHOD"])
            served = environ["PATH_INFO"].startswith("/links/")
            if served and method != environ["REQUEST_METHOD"]:
                environ = environ | {"REQUEST_METHOD": method}
            return super().__call__(environ, start_response)
