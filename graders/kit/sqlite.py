"""SQLite in simulated time: an implementation that takes its `connect` as an argument gets this one.

SQLite waits for locks inside of C, where the simulation cannot let anybody else go on. Here it is
told never to wait; the waiting is done outside, by `time.sleep`, and costs nothing real in a
simulation. The database is a real one, in a file. Nothing is forced to the disk: no power fails.
"""

import gc
import itertools
import os
import re
import sqlite3
import time
import weakref
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import Any, Final

FIRST_PAUSE: Final = 0.01
_BUSY: Final = 5
_SNAPSHOT: Final = sqlite3.SQLITE_BUSY_SNAPSHOT  # waiting does not help: SQLite fails at once
_PRAGMA: Final = re.compile(r"\s*PRAGMA\s+(busy_timeout|synchronous)\b\W*(\w*)", re.IGNORECASE)
_numbers = itertools.count()


class Database:
    """One database file, and what connections to it do.

    `before(what)` is called before each statement, and with "CONNECT", "COMMIT", "ROLLBACK": it may
    raise, wait, or end the process. Only what goes through `connect` is seen.
    """

    def __init__(self, before: Callable[[str], object] = lambda _: None) -> None:
        self.path = os.path.abspath(f"database-{next(_numbers)}.db")  # noqa: PTH100 - a name
        self.before = before
        self._connections: weakref.WeakSet[_Connection] = weakref.WeakSet()

    def connect(self, database: Any, *args: Any, **kwargs: Any) -> "_Connection":
        """As sqlite3.connect, without `factory`."""
        if args:
            kwargs["timeout"], args = args[0], args[1:]
        limit = kwargs.pop("timeout", 5.0)
        self.before("CONNECT")
        connection = sqlite3.connect(database, 0.0, *args, factory=_Connection, **kwargs)
        connection.limit, connection.database = limit, self
        sqlite3.Connection.execute(connection, "PRAGMA synchronous = OFF").close()
        self._connections.add(connection)
        return connection

    @property
    def open_connections(self) -> int:
        """How many connections are open now, not counting those that nobody can reach any more."""
        gc.collect()  # a connection refers to itself
        return sum(connection.is_open for connection in list(self._connections))

    def steps(self, job: Callable[[], object]) -> int:
        """How many steps SQLite takes for `job()`, on all connections: the same on each machine."""
        taken = 0

        def count() -> int:
            nonlocal taken
            taken += 1
            return 0

        outer, self.before = self.before, lambda _: self._count(count)
        try:
            job()
        finally:
            self.before = outer
            self._count(None)
        return taken

    def _count(self, count: Callable[[], int] | None) -> None:
        for connection in list(self._connections):
            with suppress(sqlite3.ProgrammingError):  # of another thread, or closed
                connection.set_progress_handler(count, 1)


class _Cursor(sqlite3.Cursor):
    """Does what it is told through its connection's database."""

    def execute(self, statement: str, parameters: Any = ()) -> "_Cursor":
        said = _PRAGMA.match(statement)
        if said and said[2]:
            if said[1].lower() == "busy_timeout":
                self._mine.limit = float(said[2]) / 1_000
            statement, parameters = "SELECT 1 WHERE 0", ()
        self._mine.do(statement, lambda: super(_Cursor, self).execute(statement, parameters))
        return self

    def executemany(self, statement: str, parameters: Iterable[Any]) -> "_Cursor":
        for each in parameters:
            self.execute(statement, each)
        return self

    def executescript(self, script: str) -> "_Cursor":
        self._mine.commit()
        level, self._mine.isolation_level = self._mine.isolation_level, None
        try:
            for statement in _statements(script):
                self.execute(statement)
        finally:
            self._mine.isolation_level = level
        return self

    @property
    def _mine(self) -> "_Connection":
        assert isinstance(self.connection, _Connection)
        return self.connection


class _Connection(sqlite3.Connection):
    """Never waits in C; its time limit is kept here."""

    database: Database
    limit: float
    is_open = True

    def do(self, what: str, job: Callable[[], object]) -> None:
        """`job()`, again and again while the database is locked, until the limit has passed."""
        self.database.before(what)
        deadline = time.monotonic() + self.limit
        pause = FIRST_PAUSE
        while True:
            try:
                job()
            except sqlite3.OperationalError as error:
                code = getattr(error, "sqlite_errorcode", 0)
                if code & 0xFF != _BUSY or code == _SNAPSHOT or time.monotonic() >= deadline:
                    raise
            else:
                return
            time.sleep(min(pause, max(0.0, deadline - time.monotonic())))
            pause *= 2  # who waits for ever is soon found out

    def cursor(self, factory: Any = _Cursor) -> Any:
        return super().cursor(factory)

    def execute(self, statement: str, parameters: Any = ()) -> sqlite3.Cursor:
        done: sqlite3.Cursor = self.cursor().execute(statement, parameters)
        return done

    def executemany(self, statement: str, parameters: Any) -> sqlite3.Cursor:
        done: sqlite3.Cursor = self.cursor().executemany(statement, parameters)
        return done

    def executescript(self, script: str) -> sqlite3.Cursor:
        done: sqlite3.Cursor = self.cursor().executescript(script)
        return done

    def commit(self) -> None:
        if self.in_transaction:
            self.do("COMMIT", super().commit)

    def rollback(self) -> None:
        if self.in_transaction:
            self.do("ROLLBACK", super().rollback)

    def __exit__(self, kind: Any, *_: Any) -> Any:
        """Commit, or roll back after an exception; also when the commit fails."""
        if kind is not None:
            self.rollback()
            return False
        try:
            self.commit()
        except BaseException:
            self.rollback()
            raise
        return False

    def close(self) -> None:
        super().close()
        self.is_open = False


def _statements(script: str) -> Iterator[str]:
    """The statements of a script, one after the other."""
    said = ""
    for part in re.split("(?<=;)", script):
        said += part
        if sqlite3.complete_statement(said):
            yield said
            said = ""
    if said.strip():
        yield said
