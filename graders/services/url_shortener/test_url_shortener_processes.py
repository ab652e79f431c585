"""Real processes on one file: one winner, exact hits, and SIGKILL at any instant."""

import os
import signal
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final

from contracts.services.url_shortener import Link, StorageDown
from contracts.services.url_shortener import SqliteRepository as Repository
from graders.kit import CheckFailed, Implementation, check, ensure, equal
from graders.kit.http import Address, request, serving
from graders.kit.sqlite import Database

FILE = "links.db"
JSON = {"Content-Type": "application/json"}
ANSWERS: Final = 24
Tell = Callable[[str], object]


class Child:
    """A process of its own. What it tells is read line by line."""

    def __init__(self, job: Callable[[Tell], object]) -> None:
        self._out, out = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            code = 1
            try:
                job(lambda text: os.write(out, f"{text}\n".encode()))
                code = 0
            except BaseException:
                os.write(out, f"died: {traceback.format_exc()[-2_000:]!r}\n".encode())
            finally:
                os._exit(code)
        os.close(out)
        self._lines = os.fdopen(self._out, encoding="utf-8")

    def line(self) -> str:
        """The next line, "" at the end. CheckFailed if it has died of an exception."""
        line = self._lines.readline().rstrip("\n")
        if line.startswith("died: "):
            raise CheckFailed("calls in a process of its own", "no exception", line[-600:])
        return line

    def lines(self) -> list[str]:
        """All lines that are left."""
        return list(iter(self.line, ""))

    def kill(self) -> None:
        """SIGKILL, and wait until it is dead."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        self.wait()

    def wait(self) -> None:
        """Wait for the end."""
        with suppress(ChildProcessError):
            os.waitpid(self.pid, 0)


def patiently(call: Callable[[], Any]) -> Any:
    """`call()`, again if a slow disk has made it give up: then nothing has changed."""
    while True:
        try:
            return call()
        except StorageDown:
            continue


def at_once(jobs: list[Callable[[Tell], object]]) -> list[list[str]]:
    """Run each job in a process; all begin when the last one is ready. What they told."""
    gate, opener = os.pipe()

    def waiting(job: Callable[[Tell], object]) -> Callable[[Tell], object]:
        def begin(tell: Tell) -> None:
            os.close(opener)
            tell("ready")
            os.read(gate, 1)  # ends when nobody has the other end open
            job(tell)

        return begin

    children = [Child(waiting(job)) for job in jobs]
    for child in children:
        child.line()
    os.close(gate)
    os.close(opener)
    told = [child.lines() for child in children]
    for child in children:
        child.wait()
    return told


@check("P9", "P12", kind="behaviour")
def test_processes_that_want_the_same_aliases(plain: Implementation) -> None:
    """Three processes open a new file at once and ask for the same 12 aliases, then delete them."""
    plain.SqliteRepository("other.db").close()
    aliases = [f"alias-{number}" for number in range(12)]

    def job(name: str) -> Callable[[Tell], object]:
        def run(tell: Tell) -> None:
            repository: Repository = patiently(lambda: plain.SqliteRepository(FILE))
            for alias in aliases:
                link = Link(alias, f"http://{name}", 1.0)
                if patiently(lambda link=link: repository.add(link)):
                    tell(f"{alias} {name}")
            for alias in aliases:
                if patiently(lambda alias=alias: repository.delete(alias)):
                    tell(f"deleted {alias}")

        return run

    told = [line for lines in at_once([job(name) for name in "abc"]) for line in lines]
    won = sorted(line for line in told if not line.startswith("deleted"))
    did = "three processes add the same 12 aliases: aliases that were won, each by one"
    equal([line.partition(" ")[0] for line in won], sorted(aliases), did=did)
    gone = sorted(line for line in told if line.startswith("deleted"))
    did = "three processes delete the same 12 links: deletes that won"
    equal(gone, sorted(f"deleted {alias}" for alias in aliases), did=did)
    repository = plain.SqliteRepository(FILE)
    for line in won:
        alias, name = line.split()
        want = Link(alias, f"http://{name}", 1.0, None, 0, True)
        equal(repository.get(alias), want, did=f"then get({alias!r}): the winner's link")


@check("P8", kind="behaviour")
def test_processes_that_count_the_same_link(plain: Implementation) -> None:
    """Three processes, two threads in each, resolve one link: 60 times in all."""
    plain.Shortener(plain.SqliteRepository(FILE)).shorten("http://a", alias="code")

    def job(_: Tell) -> None:
        shortener = plain.Shortener(plain.SqliteRepository(FILE))

        def resolve() -> None:
            for _ in range(10):
                patiently(lambda: shortener.resolve("code"))

        thread = threading.Thread(target=resolve)
        thread.start()
        resolve()
        thread.join()

    at_once([job] * 3)
    hits = plain.Shortener(plain.SqliteRepository(FILE)).look("code").hits
    equal(hits, 60, did="three processes resolve one link, 60 times in all; then its hits")


def session(plain: Implementation, database: Database, tell: Tell) -> None:
    """What a process does until it is killed; it tells what has returned."""
    repository = plain.SqliteRepository(database.path, database.connect)
    tell("open")
    for code in ("a", "b"):
        repository.add(Link(code, "http://" + code, 1.0))
        tell("add " + code)
        repository.count_hit(code)
        tell("hit " + code)
    repository.delete("a")
    tell("delete a")


@check("P12", kind="behaviour")
def test_killed_before_any_step_of_the_database(plain: Implementation) -> None:
    """A process adds, counts and deletes, and is killed before each step of its database in turn."""
    plain.SqliteRepository("other.db").close()
    steps = int(killed(plain, 0).pop().partition(" ")[2])
    for place in range(1, steps, max(1, steps // 12)):
        killed(plain, place, steps)


def killed(plain: Implementation, place: int, steps: int = 0) -> list[str]:
    """What a process tells that is killed before that step of its database; 0: it is not."""
    seen = 0

    def before(_: str) -> None:
        nonlocal seen
        if place and seen == place:
            os.kill(os.getpid(), signal.SIGKILL)
        seen += 1

    database = Database(before)

    def job(tell: Tell) -> None:
        session(plain, database, tell)
        tell(f"steps {seen}")

    child = Child(job)
    told = child.lines()
    child.wait()
    survives(plain, database, told, f"killed before step {place} of {steps}")
    return told


def survives(plain: Implementation, database: Database, told: list[str], did: str) -> None:
    """Whatever was told is in the file, at most one thing more, and the file can be used."""
    database.before = lambda _: None
    repository = plain.SqliteRepository(database.path, database.connect)
    did = f"a process has told {told[-1] if told else 'nothing'!r} and was {did}; then "
    done = 0  # how many of the session's steps are in the file
    for code in ("a", "b"):
        link = repository.get(code)
        if link is not None:
            want = Link(code, "http://" + code, 1.0, None, link.hits, link.deleted)
            equal(link, want, did=f"{did}get({code!r}): whole")
            done += 1 + link.hits + link.deleted
    known = sum(line.startswith(("add", "hit", "delete")) for line in told)
    ensure(
        known <= done <= known + 1,
        did=did + "adds, hits and deletes in the file",
        want=f"{known}, or the unfinished one more",
        got=done,
    )
    equal(repository.add(Link("new", "http://c", 1.0)), True, did=did + "add of another link")


@contextmanager
def server(plain: Implementation) -> Iterator[tuple[Child, Address]]:
    """The whole service in a process of its own, over a real socket."""

    def job(tell: Tell) -> None:
        shortener = plain.Shortener(plain.SqliteRepository(FILE))
        with serving(plain.ShortenerApp(shortener)) as address:
            tell(str(address[1]))
            signal.pause()

    child = Child(job)
    try:
        yield child, ("127.0.0.1", int(child.line()))
    finally:
        child.kill()


@check("P12", "P18", kind="behaviour")
def test_a_server_that_is_killed_between_requests(plain: Implementation) -> None:
    """Each request is answered by a server that is killed as soon as the answer is there."""
    plain.SqliteRepository("other.db").close()
    steps: list[tuple[str, str, bytes, int]] = [
        ("POST", "/links", b'{"url": "http://a", "alias": "code"}', 201),
        ("GET", "/code", b"", 302),
        ("POST", "/links", b'{"url": "http://b", "alias": "code"}', 409),
        ("GET", "/code", b"", 302),
        ("GET", "/links/code", b"", 200),
        ("DELETE", "/links/code", b"", 204),
        ("GET", "/code", b"", 410),
    ]
    for number, (method, path, body, status) in enumerate(steps):
        with server(plain) as (child, address):
            answer = request(address, method, path, body, JSON if body else None)
            child.kill()
        did = f"{number} requests, the server killed after each answer; then {method} {path}"
        equal(answer.status, status, did=did + ": status")
        if method == "GET" and status == 302:
            equal(answer.header("Location"), "http://a", did=did + ": Location")
        if status == 200:
            equal(answer.json()["hits"], 2, did=did + ": hits after two redirects")


@check("P12", "P8", kind="behaviour")
def test_a_server_that_is_killed_during_requests(plain: Implementation) -> None:
    """Three clients make and follow links; the server is killed after 24 answers, in the middle."""
    plain.SqliteRepository("other.db").close()
    answered: list[str] = []
    sent: list[str] = []
    enough, dead = threading.Semaphore(0), threading.Event()
    with server(plain) as (child, address):

        def client(name: str) -> None:
            try:
                follow(address, name, sent, dead, note)
            finally:
                enough.release(ANSWERS)  # whatever has become of it, nobody waits for more

        def note(code: str) -> None:
            answered.append(code)
            enough.release()

        clients = [threading.Thread(target=client, args=(name,)) for name in "abc"]
        for each in clients:
            each.start()
        for _ in range(ANSWERS):
            enough.acquire()
        dead.set()
        child.kill()
        for each in clients:
            each.join()
    ensure(len(answered) >= ANSWERS, did="three clients make links: answers", got=len(answered))
    shortener = plain.Shortener(plain.SqliteRepository(FILE))
    for code in sorted({*answered}):
        hits = shortener.look(code).hits
        least, most = answered.count(code) - 1, sent.count(code) - 1
        ensure(
            least <= hits <= most,
            did=f"a server was killed in the middle; hits of a link with {least} answered redirects",
            want=f"{least} to {most}",
            got=hits,
        )


def follow(
    address: Address,
    name: str,
    sent: list[str],
    dead: threading.Event,
    note: Callable[[str], object],
) -> None:
    """Make links and follow each two times, until there is a wrong answer or the server is dead."""
    for number in range(1_000):
        code = f"{name}-{number:03}"
        body = b'{"url": "http://a", "alias": "%s"}' % code.encode()
        for method, path, data, want in (
            ("POST", "/links", body, 201),
            *[("GET", f"/{code}", b"", 302)] * 2,
        ):
            sent.append(code)
            try:
                status = request(address, method, path, data, JSON if data else None).status
            except CheckFailed:
                if dead.is_set():
                    return
                break  # a very slow machine: on to the next link
            if status == 503:
                break  # a very slow disk: the same
            if status != want:
                return
            note(code)
