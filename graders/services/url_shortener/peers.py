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

from contracts.services.url_shortener import (
    ALPHABET,
    ATTEMPTS,
    BUSY_SECONDS,
    CODE_LENGTH,
    MAX_BODY_BYTES,
    MAX_TTL,
    MAX_URL_LENGTH,
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

with contextlib.suppress(ImportError):  # whoever wants to run the peer says that it is missing
    import nanoid
with contextlib.suppress(ImportError):
    import validators

Connect = Callable[..., sqlite3.Connection]
NAME = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")
STATUS = {
    BadLink: 400,
    UnknownCode: 404,
    AliasTaken: 409,
    Gone: 410,
    NoFreeCode: 503,
    StorageDown: 503,
}


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
        self._records = {}


class _Held:
    """A thread's connection, let go when the thread has ended; a weak set takes no bare ones."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection


class _PerThread:
    """A connection for each thread, transactions that lock before they read, one table per thing."""

    def __init__(self, path: str | os.PathLike[str], connect: Connect = sqlite3.connect) -> None:
        self._path, self._connect = os.fspath(path), connect
        self._local = threading.local()
        self._all: weakref.WeakSet[_Held] = weakref.WeakSet()
        with self._transaction("EXCLUSIVE") as connection:
            connection.execute(
                "CREATE TABLE IF NOT EXISTS link(id INTEGER PRIMARY KEY, code TEXT NOT NULL,"
                " url TEXT NOT NULL, created REAL NOT NULL, expires REAL, gone INT NOT NULL)"
            )
            connection.execute("CREATE UNIQUE INDEX IF NOT EXISTS by_code ON link(code)")
            connection.execute(
                "CREATE TABLE IF NOT EXISTS hit(link INTEGER PRIMARY KEY, number INT NOT NULL)"
            )

    def _mine(self) -> sqlite3.Connection:
        if not hasattr(self._local, "held"):
            connection = self._connect(
                self._path, BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
            self._local.held = _Held(connection)
            self._all.add(self._local.held)
            connection.execute("PRAGMA journal_mode=WAL")
        held: _Held = self._local.held
        return held.connection

    @contextlib.contextmanager
    def _transaction(self, kind: str = "IMMEDIATE") -> Iterator[sqlite3.Connection]:
        with self._errors():
            connection = self._mine()
            connection.execute(f"BEGIN {kind}")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                connection.execute("ROLLBACK")
                raise

    @contextlib.contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise StorageDown(str(error)) from error

    def add(self, link: Link) -> bool:
        with self._transaction() as connection:
            if connection.execute("SELECT 1 FROM link WHERE code=?", (link.code,)).fetchone():
                return False
            row = (link.code, link.url, link.created, link.expires, link.deleted)
            made = connection.execute("INSERT INTO link VALUES(NULL,?,?,?,?,?)", row)
            connection.execute("INSERT INTO hit VALUES(?,?)", (made.lastrowid, link.hits))
            return True

    def get(self, code: str) -> Link | None:
        with self._errors():
            row = (
                self._mine()
                .execute(
                    "SELECT url, created, expires, number, gone FROM link, hit"
                    " WHERE code=? AND link.id = hit.link",
                    (code,),
                )
                .fetchone()
            )
            return Link(code, *row[:4], bool(row[4])) if row else None

    def count_hit(self, code: str) -> None:
        with self._transaction() as connection:
            found = connection.execute("SELECT id FROM link WHERE code=?", (code,)).fetchone()
            if found:
                connection.execute("UPDATE hit SET number=number+1 WHERE link=?", found)

    def delete(self, code: str) -> bool:
        with self._transaction() as connection:
            done = connection.execute("UPDATE link SET gone=1 WHERE code=? AND gone=0", (code,))
            return done.rowcount == 1

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
        number, code = secrets.randbelow(62**CODE_LENGTH), ""
        for _ in range(CODE_LENGTH):
            number, digit = divmod(number, 62)
            code += ALPHABET[digit]
        return code

    def shorten(self, url: str, alias: str | None = None, ttl: int | None = None) -> Link:
        self._check(url)
        _check_alias(alias)
        if ttl is not None and (type(ttl) is not int or not 0 < ttl <= MAX_TTL):
            raise BadLink("ttl")
        now = time.time_ns() // 1_000 / 1e6
        draft = Link(alias or "", url, now, now + ttl if ttl else None)
        if alias is not None:
            if self._repository.add(draft):
                return draft
            raise AliasTaken(alias)
        for code in (self._codes() for _ in range(ATTEMPTS)):
            link = dataclasses.replace(draft, code=code)
            if code not in RESERVED and self._repository.add(link):
                return link
        raise NoFreeCode("no code is free")

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
    if type(url) is not str or len(url) > MAX_URL_LENGTH:
        raise BadLink("url")
    if not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        raise BadLink("url")
    scheme, found, rest = url.partition("://")
    if scheme.lower() not in {"http", "https"} or not found:
        raise BadLink("scheme")
    authority = re.split("[/?#]", rest, maxsplit=1)[0]
    if authority.startswith("["):
        port = _after_ipv6(authority)
    else:
        host, colon, port = authority.partition(":")
        port = colon + port
        if not set(host) <= NAME or not set(host) - set("._-"):
            raise BadLink("host")
    if port and not _is_port(port):
        raise BadLink("port")


def _after_ipv6(authority: str) -> str:
    host, _, port = authority[1:].partition("]")
    try:
        address = ipaddress.IPv6Address(host)
    except ValueError as error:
        raise BadLink("host") from error
    if address.scope_id is not None or "]" not in authority:
        raise BadLink("host")
    return port


def _is_port(text: str) -> bool:
    digits = text[1:].lstrip("0")
    return text[0] == ":" and digits.isdigit() and len(digits) < 6 and int(digits) < 65_536


def _check_alias(alias: Any) -> None:
    if alias is None:
        return
    allowed = NAME - {"."}
    if type(alias) is not str or not 3 <= len(alias) <= 32 or not set(alias) <= allowed:
        raise BadLink("alias")
    if alias in RESERVED:
        raise BadLink("alias is reserved")


class _Refusal(Exception):
    """An answer that is no success."""

    def __init__(self, status: int, allow: str = "") -> None:
        super().__init__(status)
        self.status, self.allow = status, allow


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
            status = refusal.status
            body = json.dumps({"error": f"refused with {status}"}).encode()
            headers += [("Allow", refusal.allow)] if refusal.allow else []
        if status != 204:
            kind = "application/json" if body else "text/plain"
            headers += [("Content-Type", kind), ("Content-Length", str(len(body)))]
        start_response(f"{status} {HTTPStatus(status).phrase}", headers)
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]

    def _serve(self, environ: WSGIEnvironment) -> Any:
        for pattern, methods in self.ROUTES:
            found = re.fullmatch(pattern, environ.get("PATH_INFO", ""), re.DOTALL)
            if not found:
                continue
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
        length = length.lstrip("0") or "0"
        if len(length) > 6 or int(length) > MAX_BODY_BYTES:
            raise _Refusal(413)
        body = environ["wsgi.input"].read(int(length))
        if len(body) != int(length):
            raise _Refusal(400)
        fields = _fields(body)
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
    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len(dict(pairs)) != len(pairs):
            raise ValueError("twice")
        return dict(pairs)

    def never(name: str) -> None:
        raise ValueError(name)

    try:
        fields = json.loads(body.decode(), object_pairs_hook=once, parse_constant=never)
    except (ValueError, RecursionError) as error:
        raise _Refusal(400) from error
    if not isinstance(fields, dict) or not {"url"} <= set(fields) <= {"url", "alias", "ttl"}:
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
    """A connection for each call, and the transactions that the module makes by itself."""

    requires = ()
    fails: ClassVar = {}

    class SqliteRepository:
        def __init__(
            self, path: str | os.PathLike[str], connect: Connect = sqlite3.connect
        ) -> None:
            self._path, self._connect = path, connect
            with self._connected() as connection:
                connection.executescript(
                    "PRAGMA journal_mode = WAL; CREATE TABLE IF NOT EXISTS links(code TEXT PRIMARY"
                    " KEY, url TEXT, created REAL, expires REAL, hits INTEGER, deleted INTEGER);"
                )

        @contextlib.contextmanager
        def _connected(self) -> Iterator[sqlite3.Connection]:
            try:
                with contextlib.closing(self._connect(self._path)) as connection, connection:
                    yield connection
            except sqlite3.Error as error:
                raise StorageDown("SQLite") from error

        def add(self, link: Link) -> bool:
            try:
                with self._connected() as connection:
                    row = dataclasses.astuple(link)
                    connection.execute("INSERT INTO links VALUES (?,?,?,?,?,?)", row)
            except StorageDown as error:
                if isinstance(error.__cause__, sqlite3.IntegrityError):
                    return False
                raise
            return True

        def get(self, code: str) -> Link | None:
            with self._connected() as connection:
                found = connection.execute("SELECT * FROM links WHERE code = ?", [code])
                for *row, deleted in found:
                    return Link(*row, deleted=bool(deleted))
            return None

        def count_hit(self, code: str) -> None:
            with self._connected() as connection:
                connection.execute("UPDATE links SET hits = hits + 1 WHERE code = ?", [code])

        def delete(self, code: str) -> bool:
            with self._connected() as connection:
                statement = "UPDATE links SET deleted = 1 WHERE code = ? AND deleted = 0"
                return connection.execute(statement, [code]).rowcount > 0

        def close(self) -> None:
            pass


class Nanoid:
    """Codes by nanoid.generate."""

    requires = ("nanoid",)
    fails: ClassVar = {}

    class Shortener(_ByHand):
        @staticmethod
        def _draw() -> str:
            return str(nanoid.generate(ALPHABET, CODE_LENGTH))


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
            good = isinstance(url, str) and validators.url(
                url, simple_host=True, strict_query=False
            )
            scheme = str(url).partition(":")[0].lower()
            if good is not True or scheme not in {"http", "https"} or len(url) > MAX_URL_LENGTH:
                raise BadLink("url")
