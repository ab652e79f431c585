"""SqliteRepository: a disk that fails, at any step, and files that are no database."""

import sqlite3
from pathlib import Path
from typing import Any

from contracts.services.url_shortener import Link, StorageDown
from graders.kit import Implementation, Sim, check, ensure, equal, raises, simulate
from graders.kit.sqlite import Database
from graders.services.url_shortener.given import LINK, URL, opened, writes


class Fault:
    """Lets the database fail, from its nth step on: once, or until `until` is reached."""

    def __init__(self) -> None:
        self.seen = 0
        self.first = self.last = 10**9

    def __call__(self, what: str) -> None:
        if what == "ROLLBACK" or what.strip().upper().startswith("ROLLBACK"):
            return
        number, self.seen = self.seen, self.seen + 1
        if self.first <= number <= self.last:
            kind = sqlite3.OperationalError if number % 2 else sqlite3.DatabaseError
            raise kind("database or disk is full")

    def plan(self, first: int, last: int) -> None:
        """Let steps `first` to `last` fail, counted from now."""
        self.seen, self.first, self.last = 0, first, last


@check("P14", kind="behaviour")
def test_a_failing_disk_changes_nothing(impl: Implementation) -> None:
    """Each step that each write takes fails in turn, alone and with all that follow; reads too."""

    def scene(sim: Sim) -> None:
        for name in ("add", "count_hit", "delete"):
            place, lasting, reached = 0, False, True
            while reached:
                reached = fails_well(sim, impl, name, place, lasting=lasting)
                place, lasting = place + lasting, not lasting
            ensure(place > 0, did=f"{name}: steps of the database", want="at least one")
        fault = Fault()
        repository = opened(impl, Database(fault))
        for _ in range(3):
            fault.plan(0, 10**9)
            raises(StorageDown, lambda: repository.get("code"), did="get, the database fails")
            fault.plan(10**9, 10**9)
            equal(repository.get("code"), LINK, did="get, after the database has failed")

    simulate(scene)


def fails_well(sim: Sim, impl: Implementation, name: str, place: int, *, lasting: bool) -> bool:
    """A write whose database fails at that step; whether it has got so far."""
    fault = Fault()
    database = Database(fault)
    repository = opened(impl, database)
    fault.plan(place, 10**9 if lasting else place)
    more = " and all after it fail" if lasting else " fails"
    did = f"{name}, and step {place + 1} of the database{more}"
    failed = False
    try:
        writes(repository)[name]()
    except StorageDown as error:
        failed = True
        cause = isinstance(error.__cause__, sqlite3.Error)
        ensure(cause, did=did + ": __cause__ of StorageDown", want="SQLite's", got=error.__cause__)
    except sqlite3.Error as error:
        equal(error, StorageDown(), did=did + ": raised")
    reached = fault.seen > place
    ensure(failed or not (reached and lasting), did=did, want="StorageDown", got="returned")
    fault.plan(10**9, 10**9)
    start = sim.now()
    other = impl.SqliteRepository(database.path, database.connect)
    equal(other.add(Link("other", URL, 3.0)), True, did=did + "; then another repository adds")
    before, after = states(name)
    seen = other.get("new" if name == "add" else "code")
    equal(seen, before if failed else after, did=did + "; then another repository gets")
    if failed:
        want = None if name == "count_hit" else True
        equal(writes(repository)[name](), want, did=did + f"; then {name} again")
    seen = other.get("new" if name == "add" else "code")
    equal(seen, after, did=did + "; tried again if it failed; then get")
    equal(sim.now() - start, 0.0, did=did + "; seconds that all calls after that have waited")
    return reached


def states(name: str) -> tuple[Link | None, Link]:
    """The link that a write is about, before it and after it."""
    return {
        "add": (None, Link("new", URL, 2.0)),
        "count_hit": (LINK, Link("code", URL, 1.0, None, 1)),
        "delete": (LINK, Link("code", URL, 1.0, None, 0, True)),
    }[name]


@check("P14", kind="contract")
def test_files_that_cannot_be_opened(plain: Implementation) -> None:
    """A folder that is not there, a folder, a file that is no database, a `connect` that fails."""

    def refuse(*_: Any, **__: Any) -> sqlite3.Connection:
        raise sqlite3.OperationalError("unable to open database file")

    Path("text.db").write_text("This is no database. " * 100, encoding="utf-8")
    Path("folder").mkdir()
    for path in ("nowhere/links.db", "folder", "text.db"):
        did = f"SqliteRepository({path!r})"
        raises(StorageDown, lambda path=path: plain.SqliteRepository(path), did=did)
    did = "SqliteRepository whose connect raises sqlite3.OperationalError"
    raises(StorageDown, lambda: plain.SqliteRepository("links.db", refuse), did=did)
    plain.SqliteRepository("links.db").close()
    raises(StorageDown, lambda: plain.SqliteRepository("links.db", refuse), did=did + ", again")
