"""Threads, and repositories on one file: exact hits, one winner, nobody held up."""

import gc
import itertools
import time
from collections.abc import Callable, Iterator
from typing import Any, Final

from contracts.services.url_shortener import AliasTaken, Gone, Link, Repository
from graders.kit import Implementation, Sim, check, ensure, equal, explore
from graders.kit.linear import check_linearizable
from graders.kit.sqlite import Database

URL = "https://example.com/"
Pair = tuple[Repository, Repository]


RUNS = itertools.count()


def let_go_of_connections() -> None:
    """Those of threads that have ended: on CPython 3.13 the collector alone finds them, and files are limited."""
    if next(RUNS) % 10 == 0:
        gc.collect()


def shared(impl: Implementation) -> Iterator[tuple[str, Callable[[], Pair]]]:
    """What two threads use: one repository, of either kind, or two repositories on one file."""

    def in_memory() -> Pair:
        repository = impl.MemoryRepository()
        return repository, repository

    def one_object() -> Pair:
        let_go_of_connections()
        database = Database()
        repository = impl.SqliteRepository(database.path, database.connect)
        return repository, repository

    def one_file() -> Pair:
        let_go_of_connections()
        database = Database()
        first = impl.SqliteRepository(database.path, database.connect)
        return first, impl.SqliteRepository(database.path, database.connect)

    yield "one MemoryRepository", in_memory
    yield "one SqliteRepository", one_object
    yield "two SqliteRepository on one file", one_file


def outcome(call: Callable[[], Any]) -> Any:
    """What it returned, or the type of what it raised."""
    try:
        return call()
    except (AliasTaken, Gone) as error:
        return type(error)


SCHEDULES: Final = {
    "one MemoryRepository": 60,
    "one SqliteRepository": 20,
    "two SqliteRepository on one file": 30,
}
"""A schedule with a file costs ten times as much."""


def explore_all(impl: Implementation, scene: Callable[[Sim, str, Pair], object]) -> None:
    """`scene(sim, what is shared, the two repositories)` under schedules, for each kind."""
    for name, make in shared(impl):
        explore(
            lambda sim, name=name, make=make: scene(sim, name, make()), schedules=SCHEDULES[name]
        )


@check("P9", "P2", kind="concurrency")
def test_one_winner_for_an_alias(impl: Implementation) -> None:
    """Two callers ask for one alias at the same time, each for a URL of its own."""

    def scene(sim: Sim, name: str, pair: Pair) -> None:
        one, two = (impl.Shortener(repository) for repository in pair)
        got = sim.together(
            lambda: outcome(lambda: one.shorten("http://a", "alias").url),
            lambda: outcome(lambda: two.shorten("http://b", "alias").url),
        )
        did = f"{name}: two callers shorten http://a and http://b with one alias"
        won = [url for url in got if url is not AliasTaken]
        ensure(len(won) == 1, did=did, want="one link and one AliasTaken", got=got)
        for shortener in (one, two):
            equal(shortener.resolve("alias"), won[0], did=did + "; then resolve: the winner's")

    explore_all(impl, scene)


@check("P9", "P3", kind="concurrency")
def test_two_links_that_draw_one_code(impl: Implementation) -> None:
    """Two callers draw the same code at the same time; then each draws another."""

    def scene(sim: Sim, name: str, pair: Pair) -> None:
        first, second = iter(["same", "one"]), iter(["same", "two"])
        one = impl.Shortener(pair[0], first.__next__)
        two = impl.Shortener(pair[1], second.__next__)
        links = sim.together(lambda: one.shorten("http://a"), lambda: two.shorten("http://b"))
        did = f"{name}: two callers draw the code 'same' at once, then 'one' and 'two'"
        codes = {link.code for link in links}
        ensure(
            codes in ({"same", "two"}, {"one", "same"}),
            did=did + ": codes of the links",
            want="'same' for one of them",
            got=codes,
        )
        for link in links:
            equal(one.resolve(link.code), link.url, did=f"{did}; then resolve({link.code!r})")

    explore_all(impl, scene)


@check("P8", kind="concurrency")
def test_no_hit_is_lost(impl: Implementation) -> None:
    """Two callers resolve one link, one of them twice."""

    def scene(sim: Sim, name: str, pair: Pair) -> None:
        one, two = (impl.Shortener(repository) for repository in pair)
        one.shorten(URL, alias="code")
        sim.together(
            lambda: (one.resolve("code"), one.resolve("code")), lambda: two.resolve("code")
        )
        did = f"{name}: two callers resolve one link, three times together; then its hits"
        equal((one.look("code").hits, two.look("code").hits), (3, 3), did=did)

    explore_all(impl, scene)


@check("P9", "P10", kind="concurrency")
def test_one_winner_for_a_delete(impl: Implementation) -> None:
    """Two callers delete one link at the same time."""

    def scene(sim: Sim, name: str, pair: Pair) -> None:
        one, two = (impl.Shortener(repository) for repository in pair)
        one.shorten(URL, alias="code")
        got = sim.together(
            lambda: outcome(lambda: one.delete("code")), lambda: outcome(lambda: two.delete("code"))
        )
        ensure(
            sorted(got, key=str) == [Gone, None],
            did=f"{name}: two callers delete one link",
            want="one returns, the other raises Gone",
            got=got,
        )

    explore_all(impl, scene)


@check("P8", "P10", kind="concurrency")
def test_a_delete_beside_hits(impl: Implementation) -> None:
    """One caller counts two hits while another deletes the link."""

    def scene(sim: Sim, name: str, pair: Pair) -> None:
        one, two = pair
        one.add(Link("code", URL, 1.0))
        _, deleted = sim.together(
            lambda: (one.count_hit("code"), one.count_hit("code")), lambda: two.delete("code")
        )
        did = f"{name}: two times count_hit, and a delete at the same time"
        equal(deleted, True, did=did + "; delete")
        equal(one.get("code"), Link("code", URL, 1.0, None, 2, True), did=did + "; then get")

    explore_all(impl, scene)


@check("P10", "P8", kind="concurrency")
def test_a_resolve_beside_a_delete(impl: Implementation) -> None:
    """One caller resolves a link while another deletes it, and then looks."""

    def scene(sim: Sim, name: str, pair: Pair) -> None:
        one, two = (impl.Shortener(repository) for repository in pair)
        one.shorten(URL, alias="code")

        def delete_and_look() -> Any:
            two.delete("code")
            return outcome(lambda: two.look("code"))

        got, after = sim.together(lambda: outcome(lambda: one.resolve("code")), delete_and_look)
        did = f"{name}: one caller resolves a link, another deletes it and looks at it"
        ensure(got in (URL, Gone), did=did + ": resolve", want="the URL, or Gone", got=got)
        equal(after, Gone, did=did + ": look")
        equal(outcome(lambda: one.resolve("code")), Gone, did=did + "; then resolve")
        kept = pair[0].get("code")
        hits = kept.hits if kept else None
        did += f"; resolve answered {got!r}; hits in the repository"
        equal(hits, 1 if got == URL else 0, did=did)

    explore_all(impl, scene)


class Model:
    """What a repository has to answer when its calls come one after another."""

    def __init__(self) -> None:
        self.links: dict[str, list[Any]] = {}

    def add(self, link: Link) -> bool:
        if link.code in self.links:
            return False
        self.links[link.code] = [link.url, 0, False]
        return True

    def get(self, code: str) -> Link | None:
        if code not in self.links:
            return None
        url, hits, deleted = self.links[code]
        return Link(code, url, 1.0, None, hits, deleted)

    def count_hit(self, code: str) -> None:
        if code in self.links:
            self.links[code][1] += 1

    def delete(self, code: str) -> bool:
        if code not in self.links or self.links[code][2]:
            return False
        self.links[code][2] = True
        return True


@check("P9", "P11", kind="concurrency")
def test_calls_take_effect_one_after_another(impl: Implementation) -> None:
    """Random programs of two threads over one or two codes, on both repositories."""
    operations: list[tuple[str, tuple[Any, ...]]] = [
        ("add", (Link("a", "http://a", 1.0),)),
        ("add", (Link("a", "http://b", 1.0),)),
        ("add", (Link("b", "http://b", 1.0),)),
        ("get", ("a",)),
        ("count_hit", ("a",)),
        ("count_hit", ("a",)),
        ("delete", ("a",)),
    ]
    setup = [("add", (Link("a", "http://c", 1.0),))]
    for name, make in shared(impl):
        if name.startswith("one"):
            check_linearizable(
                lambda make=make: make()[0],
                Model,
                operations,
                length=2,
                scenarios=4,
                schedules=15,
                seed=len(name),
            )
            check_linearizable(
                lambda make=make: make()[0],
                Model,
                operations,
                length=2,
                scenarios=4,
                schedules=15,
                seed=1,
                setup=setup,
            )


class SlowRepository:
    """Has `code-0` and `code-9`; the number at the end, of a URL for `add`, is seconds."""

    def add(self, link: Link) -> bool:
        time.sleep(int(link.url[-1]))
        return True

    def get(self, code: str) -> Link | None:
        if not code.startswith("code-"):
            return None
        time.sleep(int(code[-1]))
        return Link(code, URL, 1.0)

    def count_hit(self, code: str) -> None:
        time.sleep(int(code[-1]))

    def delete(self, code: str) -> bool:
        time.sleep(int(code[-1]))
        return True

    def close(self) -> None:
        """Nothing to let go of."""


@check("P17", kind="timing")
def test_a_slow_storage_holds_up_nobody_else(impl: Implementation) -> None:
    """Every call waits some seconds for the repository; how long do others take meanwhile?"""

    def scene(sim: Sim) -> None:
        shortener = impl.Shortener(SlowRepository())
        calls: dict[str, Callable[[], object]] = {
            "shorten": lambda: shortener.shorten("http://a.example/9"),
            "shorten with an alias": lambda: shortener.shorten("http://a.example/9", "alias"),
            "resolve": lambda: shortener.resolve("code-9"),
            "look": lambda: shortener.look("code-9"),
            "delete": lambda: shortener.delete("code-9"),
        }
        for name, call in calls.items():
            busy = sim.spawn(call)
            sim.settle()
            start = sim.now()
            shortener.shorten("http://a.example/0")
            shortener.resolve("code-0")
            shortener.delete("code-0")
            did = f"a {name} waits for its repository; seconds that other calls take meanwhile"
            equal(sim.now() - start, 0.0, did=did)
            busy.result()

    explore(scene, schedules=2)


@check("P17", kind="timing")
def test_a_slow_source_holds_up_nobody_else(impl: Implementation) -> None:
    """Drawing a code takes five seconds; two draw at once, a third caller makes an alias."""

    def scene(sim: Sim) -> None:
        codes = iter(["one", "two"])

        def draw() -> str:
            time.sleep(5)
            return next(codes)

        shortener = impl.Shortener(impl.MemoryRepository(), draw)
        drawing = [sim.spawn(lambda: shortener.shorten(URL)) for _ in range(2)]
        sim.settle()
        start = sim.now()
        shortener.shorten(URL, alias="alias")
        shortener.resolve("alias")
        equal(sim.now() - start, 0.0, did="two draw codes for 5 s; seconds that others take")
        codes_got = sorted(each.result().code for each in drawing)
        equal(codes_got, ["one", "two"], did="two callers draw a code each: codes")
        equal(sim.now() - start, 5.0, did="two callers draw at once, 5 s each: seconds")

    explore(scene, schedules=2)
