"""SQLite in simulated time: real databases, simulated waiting."""

import sqlite3
from pathlib import Path

import pytest

from graders.kit import Sim, equal, simulate
from graders.kit.sqlite import Database


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_waiting_for_a_lock_is_simulated() -> None:
    """A write waits three hours for another one, and returns at once."""

    def scene(sim: Sim) -> None:
        database = Database()
        one = database.connect(database.path, timeout=20_000, isolation_level=None)
        one.execute("CREATE TABLE numbers (number)")
        other = database.connect(database.path, isolation_level=None, check_same_thread=False)
        other.execute("BEGIN IMMEDIATE")
        started = sim.now()

        def later() -> None:
            sim.sleep(10_800)
            other.execute("COMMIT")

        handle = sim.spawn(later)
        one.execute("INSERT INTO numbers VALUES (1)")
        equal(sim.now() - started >= 10_800, True, did="waited")
        handle.result()

    simulate(scene)


def test_a_limit_ends_the_waiting() -> None:
    """The timeout of connect, and that of PRAGMA busy_timeout, in simulated seconds."""

    def scene(sim: Sim) -> None:
        database = Database()
        other = sqlite3.connect(database.path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        one = database.connect(database.path, 7)
        for limit in (7.0, 2.5):
            started = sim.now()
            with pytest.raises(sqlite3.OperationalError, match="locked"):
                one.execute("CREATE TABLE numbers (number)")
            equal(sim.now() - started, limit, did="waited")
            one.execute("PRAGMA busy_timeout = 2500")
        other.close()

    simulate(scene)


def test_an_old_snapshot_fails_at_once() -> None:
    """A transaction that has read before somebody else wrote cannot write any more."""
    database = Database()
    one, two = (database.connect(database.path, isolation_level=None) for _ in range(2))
    one.executescript("PRAGMA journal_mode = WAL; CREATE TABLE numbers (number);")
    two.execute("BEGIN")
    two.execute("SELECT * FROM numbers").fetchall()
    one.execute("INSERT INTO numbers VALUES (1)")
    with pytest.raises(sqlite3.OperationalError) as caught:
        two.execute("INSERT INTO numbers VALUES (2)")
    assert caught.value.sqlite_errorcode == sqlite3.SQLITE_BUSY_SNAPSHOT


def test_before_sees_each_step_and_may_refuse_it() -> None:
    """CONNECT, statements, COMMIT; a commit that is refused is rolled back by `with`."""
    seen: list[str] = []
    database = Database(seen.append)
    connection = database.connect(database.path)
    with connection:
        connection.execute("CREATE TABLE numbers (number)")
        connection.executemany("INSERT INTO numbers VALUES (?)", [(1,), (2,)])
    insert = "INSERT INTO numbers VALUES (?)"
    assert seen == ["CONNECT", "CREATE TABLE numbers (number)", insert, insert, "COMMIT"]

    def refuse(what: str) -> None:
        if what == "COMMIT":
            raise sqlite3.OperationalError("disk is full")

    database.before = refuse
    with pytest.raises(sqlite3.OperationalError, match="full"), connection:
        connection.execute(insert, (3,))
    assert connection.execute("SELECT number FROM numbers").fetchall() == [(1,), (2,)]


def test_steps_are_counted_the_same_each_time() -> None:
    """A look by key takes as many steps in a large table as in a small one; a scan does not."""
    database = Database()
    connection = database.connect(database.path, isolation_level=None)
    connection.execute("CREATE TABLE numbers (number INTEGER PRIMARY KEY, text)")

    def steps(column: str) -> int:
        statement = "SELECT * FROM numbers WHERE number = 7"
        statement = statement.replace("number =", f"{column} =")
        return database.steps(lambda: connection.execute(statement).fetchall())

    counted = []
    for number in range(200):
        connection.execute("INSERT INTO numbers VALUES (?, ?)", (number, str(number)))
        if number in {50, 199}:
            counted.append((steps("number"), steps("text")))
    (by_key, by_scan), (by_key_of_many, by_scan_of_many) = counted
    assert by_key == by_key_of_many
    assert by_scan_of_many > 3 * by_scan


def test_open_connections_are_counted() -> None:
    """Closed ones are not, nor those that nobody can reach."""
    database = Database()
    one, two = database.connect(database.path), database.connect(database.path)
    assert database.open_connections == 2
    one.close()
    del two
    assert database.open_connections == 0
