"""Links in a SQLite file that several processes share.

Every write is one statement that commits by itself: SQLite decides who wins, and there is no
transaction to be left open. The answer is read with RETURNING, never from a look beforehand.
"""

import contextlib
import os
import sqlite3
from collections import deque
from collections.abc import Callable, Iterator

from contracts.services.url_shortener import BUSY_SECONDS, IDLE_CONNECTIONS, Link, StorageDown

_SCHEMA = """
CREATE TABLE IF NOT EXISTS links (
    code TEXT PRIMARY KEY,
    url TEXT NOT NULL,
    created REAL NOT NULL,
    expires REAL,
    hits INTEGER NOT NULL,
    deleted INTEGER NOT NULL
) WITHOUT ROWID
"""
_ADD = """
INSERT INTO links (code, url, created, expires, hits, deleted)
VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING RETURNING 1
"""
_GET = "SELECT code, url, created, expires, hits, deleted FROM links WHERE code = ?"
_COUNT = "UPDATE links SET hits = hits + 1 WHERE code = ?"
_DELETE = "UPDATE links SET deleted = 1 WHERE code = ? AND NOT deleted RETURNING 1"


class SqliteRepository:
    """One statement per call, on a connection that no other call is using meanwhile."""

    def __init__(
        self,
        path: str | os.PathLike[str],
        connect: Callable[..., sqlite3.Connection] = sqlite3.connect,
    ) -> None:
        self._path = os.path.abspath(path)  # noqa: PTH100 - the current folder may change
        self._connect = connect
        self._idle: deque[sqlite3.Connection] = deque()
        with self._connection() as connection:
            connection.execute("PRAGMA journal_mode = WAL")  # stays with the file
            connection.execute(_SCHEMA)

    def add(self, link: Link) -> bool:
        """Insert the link unless its code is there."""
        row = (link.code, link.url, link.created, link.expires, link.hits, link.deleted)
        return bool(self._run(_ADD, *row))

    def get(self, code: str) -> Link | None:
        """Read the link."""
        for code_, url, created, expires, hits, deleted in self._run(_GET, code):
            return Link(code_, url, created, expires, hits, bool(deleted))
        return None

    def count_hit(self, code: str) -> None:
        """Add one in the database, not here."""
        self._run(_COUNT, code)

    def delete(self, code: str) -> bool:
        """Mark the link if it is not marked."""
        return bool(self._run(_DELETE, code))

    def close(self) -> None:
        """Close the connections that wait for a call."""
        while self._idle:
            self._idle.pop().close()

    def _run(
        self, statement: str, *values: object
    ) -> list[tuple[str, str, float, float, int, int]]:
        with self._connection() as connection:
            return connection.execute(statement, values).fetchall()

    @contextlib.contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        """An idle connection, or a new one; after an error it is closed and not used again."""
        try:
            try:
                connection = self._idle.pop()
            except IndexError:
                connection = self._open()
            with contextlib.ExitStack() as stack:
                stack.callback(connection.close)
                yield connection
                if len(self._idle) < IDLE_CONNECTIONS:
                    stack.pop_all()
                    self._idle.append(connection)
        except sqlite3.Error as error:
            raise StorageDown(f"the database: {error}") from error

    def _open(self) -> sqlite3.Connection:
        return self._connect(
            self._path,
            timeout=BUSY_SECONDS,
            isolation_level=None,  # each statement commits by itself
            check_same_thread=False,  # one thread at a time, but not always the same
        )
