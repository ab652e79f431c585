"""Real libraries behind the contract, and right shorteners in another style."""

import contextlib
import dataclasses
import ipaddress
import json
import os
import re
import secrets
import sqlite3
import threading
import time
import weakref
from collections.abc import Callable, Iterable, Iterator
from http import HTTPStatus
from typing import Any, ClassVar
from wsgiref.types import StartResponse, WSGIEnvironment

from contracts.services import url_shortener as kata
from contracts.services.url_shortener import Gone, Link, Repository, StorageDown, UnknownCode

with contextlib.suppress(ImportError):  # whoever wants to run the peer says that it is missing
    import nanoid
with contextlib.suppress(ImportError):
    import validators

Connect = Callable[..., sqlite3.Connection]
NAME = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")
PRINTABLE = frozenset(map(chr, range(33, 127))) - {"\\"}
STATUS: dict[type[Exception], int] = {kata.BadLink: 400, UnknownCode: 404, Gone: 410}
STATUS |= {kata.AliasTaken: 409, kata.NoFreeCode: 503, StorageDown: 503}


class _Record:
    """One link in memory, with a lock of its own."""

    def __init__(self, link: Link) -> None:
        self.lock = threading.Lock()
        self.link = link


class _Memory:
    """A lock for each link: the dictionary itself only ever takes new keys."""

    def __init__(self) -> None:
        self._records: dict[str, _Record] = {}

    def add(self, link: Link) -> bool:
        record = _Record(link)
        return self._records.setdefault(link.code, record) is record

    def get(self, code: str) -> Link | None:
        record = self._records.get(code)
        return record.link if record else None

    def count_hit(self, code: str) -> None:
        if record := self._records.get(code):
            with record.lock:
                record.link = dataclasses.replace(record.link, hits=record.link.hits + 1)

    def delete(self, code: str) -> bool:
        record = self._records.get(code)
        if record is None:
            return False
        with record.lock:
            before, record.link = record.link, dataclasses.replace(record.link, deleted=True)
        return not before.deleted

    def close(self) -> None:
        """Nothing to let go of."""


class _PerCall:
    """A connection for each call, and the transactions that the module makes by itself."""

    def __init__(self, path: str | os.PathLike[str], connect: Connect = sqlite3.connect) -> None:
        self._path, self._connect = os.path.realpath(path), connect
        with self._connected() as connection:
            connection.executescript(
                "PRAGMA journal_mode = WAL; CREATE TABLE IF NOT EXISTS links(code TEXT PRIMARY KEY,"
                " url TEXT, created REAL, expires REAL, hits INTEGER, deleted INTEGER);"
            )

    @contextlib.contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        try:
            with contextlib.closing(self._connect(self._path)) as connection, connection:
                yield connection
        except sqlite3.Error as error:
            raise StorageDown("SQLite") from error

    def _write(self, statement: str, *values: object) -> int:
        with self._connected() as connection:
            return connection.execute(statement, values).rowcount

    def add(self, link: Link) -> bool:
        row = dataclasses.astuple(link)
        return self._write("INSERT OR IGNORE INTO links VALUES (?,?,?,?,?,?)", *row) > 0

    def get(self, code: str) -> Link | None:
        with self._connected() as connection:
            for *row, deleted in connection.execute("SELECT * FROM links WHERE code = ?", [code]):
                return Link(*row, deleted=bool(deleted))
        return None

    def count_hit(self, code: str) -> None:
        self._write("UPDATE links SET hits = hits + 1 WHERE code = ?", code)

    def delete(self, code: str) -> bool:
        statement = "UPDATE links SET deleted = 1 WHERE code = ? AND deleted = 0"
        return self._write(statement, code) > 0

    def close(self) -> None:
        """Nothing is open between calls."""


class _Held:
    """A thread's connection, let go when the thread has ended; a weak set takes no bare ones."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection


class _PerThread(_PerCall):
    """A connection for each thread; transactions that lock before they read."""

    def __init__(self, path: str | os.PathLike[str], connect: Connect = sqlite3.connect) -> None:
        self._local = threading.local()
        self._all: weakref.WeakSet[_Held] = weakref.WeakSet()
        super().__init__(path, connect)

    @contextlib.contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        try:
            yield self._mine()
        except sqlite3.Error as error:
            raise StorageDown(str(error)) from error

    def _mine(self) -> sqlite3.Connection:
        if not hasattr(self._local, "held"):
            options = {"isolation_level": None, "check_same_thread": False}
            self._local.held = _Held(self._connect(self._path, kata.BUSY_SECONDS, **options))
            self._all.add(self._local.held)
        held: _Held = self._local.held
        return held.connection

    def _write(self, statement: str, *values: object) -> int:
        with self._connected() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                changed = connection.execute(statement, values).rowcount
                connection.execute("COMMIT")
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            return changed

    def add(self, link: Link) -> bool:
        return self.get(link.code) is None and super().add(link)

    def close(self) -> None:
        for held in list(self._all):
            held.connection.close()


class _ByHand:
    """Rules by hand: `urlsplit` for the parts, sets of characters for what they may hold."""

    def __init__(self, repository: Repository, codes: Callable[[], str] | None = None) -> None:
        self._repository, self._codes = repository, codes or self._draw
        self._check: Callable[[Any], object] = _check_url

    @staticmethod
    def _draw() -> str:
        return "".join(secrets.SystemRandom().choices(kata.ALPHABET, k=kata.CODE_LENGTH))

    def shorten(self, url: str, alias: str | None = None, ttl: int | None = None) -> Link:
        self._check(url)
        _check_alias(alias)
        if ttl is not None and (type(ttl) is not int or not 0 < ttl <= kata.MAX_TTL):
            raise kata.BadLink("ttl")
        now = time.time_ns() // 1_000 / 1e6
        draft = Link(alias or "", url, now, now + ttl if ttl else None)
        if alias is not None:
            if self._repository.add(draft):
                return draft
            raise kata.AliasTaken(alias)
        for code in (self._codes() for _ in range(kata.ATTEMPTS)):
            link = dataclasses.replace(draft, code=code)
            if code not in kata.RESERVED and self._repository.add(link):
                return link
        raise kata.NoFreeCode("no code is free")

    def look(self, code: str) -> Link:
        link = self._repository.get(code)
        if link is None:
            raise UnknownCode(code)
        if link.deleted or (link.expires or float("inf")) <= time.time():
            raise Gone(code)
        return link

    def resolve(self, code: str) -> str:
        url = self.look(code).url
        self._repository.count_hit(code)
        return url

    def delete(self, code: str) -> None:
        self.look(code)
        if not self._repository.delete(code):
            raise Gone(code)


def _check_url(url: Any) -> None:
    if type(url) is not str or len(url) > kata.MAX_URL_LENGTH:
        raise kata.BadLink("url")
    scheme, found, rest = url.partition("://")
    if scheme.lower() not in {"http", "https"} or not found or set(url) - PRINTABLE:
        raise kata.BadLink("scheme, or a character")
    authority = re.split("[/?#]", rest, maxsplit=1)[0]
    if authority.startswith("["):
        port = _after_ipv6(authority)
    else:
        host, colon, port = authority.partition(":")
        port = colon + port
        if not set(host) <= NAME or not set(host) - set("._-"):
            raise kata.BadLink("host")
    if port and not _is_port(port):
        raise kata.BadLink("port")


def _after_ipv6(authority: str) -> str:
    host, _, port = authority[1:].partition("]")
    try:
        address = ipaddress.IPv6Address(host)
    except ValueError as error:
        raise kata.BadLink("host") from error
    if address.scope_id is not None or "]" not in authority:
        raise kata.BadLink("host")
    return port


def _is_port(text: str) -> bool:
    digits = text[1:].lstrip("0")
    return text[0] == ":" and digits.isdigit() and len(digits) < 6 and int(digits) < 65_536


def _check_alias(alias: Any) -> None:
    good = type(alias) is str and 3 <= len(alias) <= 32 and set(alias) <= NAME - {"."}
    if alias is not None and (not good or alias in kata.RESERVED):
        raise kata.BadLink("alias")


class _Refusal(Exception):
    """An answer that is no success: its status, and perhaps what is allowed."""


class _ByRegex:
    """A table of routes; WSGI by hand."""

    ROUTES: ClassVar = (
        (r"/links", {"POST": "_post"}),
        (r"/links/([^/]+)", {"GET": "_show", "HEAD": "_show", "DELETE": "_delete"}),
        (r"/([^/]+)", {"GET": "_follow", "HEAD": "_peek"}),
    )

    def __init__(self, shortener: Any, base_url: str = "") -> None:
        if base_url and (not re.match("https?://", base_url) or base_url.endswith("/")):
            raise ValueError(base_url)
        self._shortener, self._base = shortener, base_url

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        headers = [("Cache-Control", "no-cache, no-store, private")]
        body = b""
        try:
            status, more, content = self._serve(environ)
            headers += more
            body = b"" if content is None else json.dumps(content).encode()
        except _Refusal as refusal:
            status, *allowed = refusal.args
            body = json.dumps({"error": f"refused with {status}"}).encode()
            headers += [("Allow", each) for each in allowed]
        if status != 204:
            kind = "application/json" if body else "text/plain"
            headers += [("Content-Type", kind), ("Content-Length", str(len(body)))]
        start_response(f"{status} {HTTPStatus(status).phrase}", headers)
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]

    def _serve(self, environ: WSGIEnvironment) -> Any:
        for pattern, methods in self.ROUTES:
            if found := re.fullmatch(pattern, environ.get("PATH_INFO", "")):
                name = methods.get(environ["REQUEST_METHOD"])
                if name is None:
                    raise _Refusal(405, ",".join(methods))
                try:
                    return getattr(self, name)(*(found.groups() or [environ]))
                except tuple(STATUS) as error:
                    raise _Refusal(STATUS[type(error)]) from error
        raise _Refusal(404)

    def _post(self, environ: WSGIEnvironment) -> Any:
        kind = environ.get("CONTENT_TYPE", "").split(";")[0]
        if kind.strip().lower() != "application/json":
            raise _Refusal(415)
        length = environ.get("CONTENT_LENGTH", "")
        if "HTTP_TRANSFER_ENCODING" in environ or length == "":
            raise _Refusal(411)
        if not (length.isascii() and length.isdigit()):
            raise _Refusal(400)
        if int(length.lstrip("0")[:9] or 0) > kata.MAX_BODY_BYTES:
            raise _Refusal(413)
        body = environ["wsgi.input"].read(int(length))
        fields = _fields(body) if len(body) == int(length) else {}
        if not fields:
            raise _Refusal(400)
        link = self._shortener.shorten(fields["url"], fields.get("alias"), fields.get("ttl"))
        return 201, [("Location", f"/links/{link.code}")], self._json(link)

    def _json(self, link: Link) -> dict[str, Any]:
        names = ("code", "url", "created", "expires", "hits")
        return {"short": f"{self._base}/{link.code}"} | {n: getattr(link, n) for n in names}

    def _show(self, code: str) -> Any:
        return 200, [], self._json(self._shortener.look(code))

    def _delete(self, code: str) -> Any:
        self._shortener.delete(code)
        return 204, [], None

    def _follow(self, code: str) -> Any:
        return 302, [("Location", self._shortener.resolve(code))], None

    def _peek(self, code: str) -> Any:
        return 302, [("Location", self._shortener.look(code).url)], None


def _fields(body: bytes) -> dict[str, Any]:
    try:  # objects as tuples of pairs, so that a key that is there twice shows
        pairs = json.loads(body.decode(), object_pairs_hook=tuple)
        fields = dict(pairs)
    except (ValueError, TypeError, RecursionError) as error:
        raise _Refusal(400) from error
    known = {"url"} <= set(fields) <= {"url", "alias", "ttl"}
    if type(pairs) is not tuple or len(fields) < len(pairs) or not known:
        raise _Refusal(400)
    return fields


class PerThread:
    """Locks per link, a connection per thread, transactions, rules and routes by hand."""

    requires = ()
    fails: ClassVar = {}
    MemoryRepository = _Memory
    SqliteRepository = _PerThread
    Shortener = _ByHand
    ShortenerApp = _ByRegex


class PerCall:
    """A connection for each call."""

    requires = ()
    fails: ClassVar = {}
    SqliteRepository = _PerCall


class Nanoid:
    """Codes by nanoid.generate."""

    requires = ("nanoid",)
    fails: ClassVar = {}

    class Shortener(_ByHand):
        @staticmethod
        def _draw() -> str:
            return str(nanoid.generate(kata.ALPHABET, kata.CODE_LENGTH))


class Validators:
    """URLs are what validators.url takes for one, if their scheme is http or https."""

    requires = ("validators",)
    fails: ClassVar = {
        "P6": "allows letters outside ASCII, user names and ports out of range",
        "P7": "the check of what is allowed has hosts that it refuses",
        "P19": "over HTTP as well",
    }

    class Shortener(_ByHand):
        def __init__(self, repository: Repository, codes: Callable[[], str] | None = None) -> None:
            super().__init__(repository, codes)
            self._check = self._ask

        @staticmethod
        def _ask(url: Any) -> None:
            given = url if isinstance(url, str) and len(url) <= kata.MAX_URL_LENGTH else ""
            good = validators.url(given, simple_host=True, strict_query=False)
            if good is not True or given.partition(":")[0].lower() not in {"http", "https"}:
                raise kata.BadLink("url")
