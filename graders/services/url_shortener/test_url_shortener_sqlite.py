"""SqliteRepository: what is in the file and when, waiting, and its connections."""

import os
import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from contracts.services.url_shortener import (
    BUSY_SECONDS,
    IDLE_CONNECTIONS,
    Gone,
    Link,
    StorageDown,
    UnknownCode,
)
from graders.kit import (
    Implementation,
    Inconclusive,
    Sim,
    check,
    ensure,
    equal,
    explore,
    raises,
    simulate,
)
from graders.kit.sqlite import Database
from graders.services.url_shortener.given import LINK, URL, opened, writes


def foreign(database: Database, begin: str = "BEGIN IMMEDIATE") -> sqlite3.Connection:
    """Another program's connection, which holds the lock for writing until it is closed."""
    connection = sqlite3.connect(database.path, timeout=0, isolation_level=None)
    connection.execute(begin)
    return connection


@check("P12", "P10", kind="behaviour")
def test_what_has_returned_is_in_the_file(impl: Implementation) -> None:
    """Two repositories on one file, both in use: each sees at once what the other has done."""

    def scene(sim: Sim) -> None:
        database = Database()
        one, two = (impl.SqliteRepository(database.path, database.connect) for _ in range(2))
        equal(two.get("code"), None, did="get from the second repository")
        did = "two repositories on one file; "
        equal(one.add(LINK), True, did=did + "add to the first")
        equal(two.get("code"), LINK, did=did + "add to the first, get from the second")
        equal(one.get("code"), LINK, did=did + "add to the first, get from the first")
        for hits in range(1, 4):
            (one if hits % 2 else two).count_hit("code")
            want = Link("code", URL, 1.0, None, hits)
            equal(one.get("code"), want, did=f"{did}{hits} hits by turns, get from the first")
            equal(two.get("code"), want, did=f"{did}{hits} hits by turns, get from the second")
        equal(two.delete("code"), True, did=did + "delete in the second")
        gone = Link("code", URL, 1.0, None, 3, True)
        equal(one.get("code"), gone, did=did + "delete in the second, get from the first")
        equal(one.delete("code"), False, did=did + "delete in the second, then in the first")
        equal(one.add(LINK), False, did=did + "delete in the second, add to the first")
        first, second = impl.Shortener(one), impl.Shortener(two)
        raises(UnknownCode, lambda: first.look("alias"), did="look of a code that is not there")
        second.shorten(URL, alias="alias")
        did = "two shorteners: one has looked in vain, the other makes the link; "
        equal(first.resolve("alias"), URL, did=did + "resolve by the first")
        second.delete("alias")
        raises(Gone, lambda: first.resolve("alias"), did=did + "deletes it; resolve by the first")

    simulate(scene)


@check("P12", kind="behaviour")
def test_a_repository_that_is_opened_again_has_everything(impl: Implementation) -> None:
    """Opened again, without a close and after one; and after the current folder has changed."""

    def scene(sim: Sim) -> None:
        database = Database()
        first = opened(impl, database)
        first.add(Link("gone", URL, 0.5, 9.25))
        first.delete("gone")
        for repeat in range(3):
            first.count_hit("code")
            again = impl.SqliteRepository(Path(database.path), database.connect)
            did = f"add, delete, {repeat + 1} hits; opened again"
            equal(again.get("code"), Link("code", URL, 1.0, None, repeat + 1), did=did)
            equal(again.get("gone"), Link("gone", URL, 0.5, 9.25, 0, True), did=did)
            first.close()
            first = again
        there = Database()
        relative = impl.SqliteRepository(Path(there.path).name, there.connect)
        Path("elsewhere").mkdir()
        os.chdir("elsewhere")
        other = foreign(there)
        adding = [sim.spawn(lambda n=n: relative.add(Link(n, URL, 1.0))) for n in ("a", "b")]
        sim.settle()  # two calls under way: whoever keeps one connection opens another
        other.close()
        did = "SqliteRepository with a relative path, then chdir and two add at once"
        equal([each.result() for each in adding], [True, True], did=did)
        again = impl.SqliteRepository(there.path, there.connect)
        equal(again.get("b"), Link("b", URL, 1.0), did=did + "; opened by its whole path")
        os.chdir("..")

    simulate(scene)


@check("P13", kind="timing")
def test_a_write_waits_for_a_lock(impl: Implementation) -> None:
    """Another connection holds the lock for 4.5 s; meanwhile the wall clock is set an hour ahead."""

    def scene(sim: Sim) -> None:
        for name in ("add", "count_hit", "delete"):
            database = Database()
            repository = opened(impl, database)
            other = foreign(database)
            busy = sim.spawn(writes(repository)[name])
            sim.sleep(1)
            sim.jump_wall_clock(3_600)
            sim.sleep(BUSY_SECONDS - 1.5)
            other.close()
            want = None if name == "count_hit" else True
            did = f"{name} while another connection holds the lock for {BUSY_SECONDS - 0.5} s"
            equal(busy.result(), want, did=did)
            kept = repository.get("new" if name == "add" else "code")
            done = {"add": Link("new", URL, 2.0), "count_hit": Link("code", URL, 1.0, None, 1)}
            want_link = done.get(name, Link("code", URL, 1.0, None, 0, True))
            equal(kept, want_link, did=did + "; then get")

    simulate(scene)


@check("P13", kind="timing")
def test_a_write_does_not_wait_for_ever(impl: Implementation) -> None:
    """The lock is not let go, three writes wait, the wall clock is set back; then it is let go."""

    def scene(sim: Sim) -> None:
        database = Database()
        repository = opened(impl, database)
        other = foreign(database)
        start = sim.now()

        def late(call: Callable[[], Any]) -> float:
            raises(StorageDown, call, did="a write while another connection keeps the lock")
            return sim.now() - start

        waiting = [sim.spawn(lambda c=call: late(c)) for call in writes(repository).values()]
        sim.sleep(1)
        sim.jump_wall_clock(-3_600)
        took = [each.result() for each in waiting]
        ensure(
            max(took) <= 2 * BUSY_SECONDS,
            did="three writes at once, the lock is never let go: seconds until StorageDown",
            want=f"at most {2 * BUSY_SECONDS} for each",
            got=took,
        )
        equal(repository.get("code"), LINK, did="then get")
        other.close()
        now = sim.now()
        for name, call in writes(repository).items():
            did = f"the lock is free again; {name}"
            equal(call(), None if name == "count_hit" else True, did=did)
        equal(sim.now(), now, did="the lock is free again; seconds that three writes waited")

    simulate(scene)


@check("P13", kind="timing")
def test_a_read_waits_for_no_writer(impl: Implementation) -> None:
    """Another connection holds the file for itself, writes wait in three threads; then get."""

    def scene(sim: Sim) -> None:
        database = Database()
        repository = opened(impl, database)
        other = foreign(database, "BEGIN EXCLUSIVE")
        waiting = [sim.spawn(call) for call in writes(repository).values()]
        sim.settle()
        start = sim.now()
        did = "another connection writes, three writes wait for it; get"
        equal(repository.get("code"), LINK, did=did)
        equal(repository.get("new"), None, did=did + " of a code that is not there yet")
        equal(sim.now() - start, 0.0, did=did + ": seconds it has taken")
        other.close()
        for each in waiting:
            each.result()
        mode = sqlite3.connect(database.path).execute("PRAGMA journal_mode").fetchone()[0]
        equal(mode, "wal", did="the journal mode of the file")

    explore(scene, schedules=4)


@check("P13", "P12", kind="timing")
def test_a_locked_file_can_be_opened(impl: Implementation) -> None:
    """A second process opens the file while another connection writes for 3 s."""

    def scene(sim: Sim) -> None:
        database = Database()
        opened(impl, database)
        other = foreign(database)
        opening = sim.spawn(lambda: impl.SqliteRepository(database.path, database.connect))
        sim.sleep(3)
        other.close()
        did = "opened while another connection writes; then get"
        equal(opening.result().get("code"), LINK, did=did)

    simulate(scene)


@check("P15", kind="behaviour")
def test_every_connection_comes_from_connect(impl: Implementation) -> None:
    """`connect` opens another file than the one that is named: everything is in that one."""

    def scene(sim: Sim) -> None:
        database = Database()

        def connect(path: Any, *args: Any, **kwargs: Any) -> sqlite3.Connection:
            named = Path(os.fspath(path)).name
            equal(named, "named.db", did="SqliteRepository('named.db', connect): path")
            return database.connect(database.path, *args, **kwargs)

        repository = impl.SqliteRepository("named.db", connect)
        sim.together(lambda: repository.add(LINK), lambda: repository.get("code"))
        equal(repository.get("code"), LINK, did="add, then get")
        repository.close()
        did = "connect opens another file; the named file is there"
        equal(Path("named.db").exists(), False, did=did)
        equal(database.open_connections, 0, did="close; connections that are open")

    simulate(scene)


@check("P15", kind="behaviour")
def test_threads_leave_no_connections(plain: Implementation) -> None:
    """Thirty threads, one after another, and twelve at once; each makes three calls and ends."""
    for _ in range(5):
        try:
            many_threads(plain)
        except StorageDown:  # real locks: SQLite may refuse at once who comes while it tidies up
            continue
        return
    raise Inconclusive("SQLite was busy whenever twelve threads called at once")


def many_threads(plain: Implementation) -> None:
    """What the check does, on a new file; raises what a call raised."""
    database = Database()
    repository = opened(plain, database)
    errors: list[BaseException] = []

    def calls(start: threading.Barrier, number: int) -> None:
        try:
            start.wait()
            repository.add(Link(f"link-{number}", URL, 1.0))
            repository.count_hit("code")
            repository.get("code")
        except BaseException as error:
            errors.append(error)

    for groups in ([[n] for n in range(30)], [list(range(30, 42))]):
        for group in groups:
            barrier = threading.Barrier(len(group))
            threads = [threading.Thread(target=calls, args=(barrier, n)) for n in group]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        for error in errors:
            raise error
        number = database.open_connections
        ensure(
            number <= IDLE_CONNECTIONS + 1,
            did=f"{len(groups)} times {len(group)} threads, three calls each: open connections",
            want=f"at most {IDLE_CONNECTIONS} and one for the thread that lives",
            got=number,
        )
    equal(repository.get("code"), Link("code", URL, 1.0, None, 42), did="42 hits; then get")
    repository.close()
    equal(database.open_connections, 0, did="close; connections that are open")


def threads_left() -> bool:
    """Whether the system still has threads of this process beside this one, where it says so."""
    tasks = Path("/proc/self/task")
    return tasks.is_dir() and len(list(tasks.iterdir())) > 1


@check("P15", "P13", kind="concurrency")
def test_calls_under_way_have_their_connections(impl: Implementation) -> None:
    """Twelve writes wait for a lock at once; it is let go, they end."""

    def scene(sim: Sim) -> None:
        database = Database()
        repository = opened(impl, database)
        other = foreign(database)
        names = [f"link-{number}" for number in range(12)]
        waiting = [sim.spawn(lambda n=name: repository.add(Link(n, URL, 1.0))) for name in names]
        sim.settle()
        most = len(waiting) + IDLE_CONNECTIONS + 1
        ensure(
            database.open_connections <= most,
            did="twelve writes wait: open connections",
            want=f"at most {most}",
            got=database.open_connections,
        )
        time.sleep(1)
        other.close()
        did = "twelve writes wait for a lock, it is let go"
        equal([each.result() for each in waiting], [True] * 12, did=did)
        most = IDLE_CONNECTIONS + 1
        while database.open_connections > most and threads_left():
            continue  # an ended thread lets go of what it has a moment after it has ended
        ensure(
            database.open_connections <= most,
            did=did + ": open connections after that",
            want=f"at most {IDLE_CONNECTIONS} and one for the thread that lives",
            got=database.open_connections,
        )
        repository.close()

    simulate(scene)
