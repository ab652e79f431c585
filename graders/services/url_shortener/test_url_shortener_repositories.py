"""The two repositories: what they keep, that they agree, and what a call costs."""

import itertools
import random
from collections.abc import Callable

from contracts.services.url_shortener import Link, Repository
from graders.kit import Implementation, Sim, check, ensure, equal, simulate
from graders.kit.growth import grows_at_most
from graders.kit.sqlite import Database
from graders.services.url_shortener.given import repositories

URL = "https://example.com/"


class Model:
    """What a repository has to answer, in the simplest way."""

    def __init__(self) -> None:
        self._links: dict[str, tuple[str, float, float | None, int, bool]] = {}

    def add(self, link: Link) -> bool:
        there = link.code in self._links
        if not there:
            kept = (link.url, link.created, link.expires, link.hits, link.deleted)
            self._links[link.code] = kept
        return not there

    def get(self, code: str) -> Link | None:
        return Link(code, *self._links[code]) if code in self._links else None

    def count_hit(self, code: str) -> None:
        if code in self._links:
            url, created, expires, hits, deleted = self._links[code]
            self._links[code] = url, created, expires, hits + 1, deleted

    def delete(self, code: str) -> bool:
        if code not in self._links or self._links[code][4]:
            return False
        self._links[code] = (*self._links[code][:4], True)
        return True


@check("P11", kind="behaviour")
def test_a_link_is_kept_as_it_is_given(impl: Implementation) -> None:
    """Links with every kind of value go in, and come out of this repository and of no other."""
    links = [
        Link("a", URL, 0.0),
        Link("007", URL, 1_795_654_368.573801, 1_795_654_373.573801),
        Link("x", "http://" + "x" * 2_041, 1e9 + 1 / 3, None, hits=2**40),
        Link("gone", "http://a?'\";--%s?%d{}", 123.25, 1e12, 3, deleted=True),
        Link("-_" * 16, "http://a#\\", 0.1, 0.3, 1),
    ]

    def scene(sim: Sim) -> None:
        for name, repository in repositories(impl):
            for link in links:
                equal(repository.get(link.code), None, did=f"{name}: get({link.code!r}), empty")
                equal(repository.add(link), True, did=f"{name}: add({link!r:.80})")
                equal(repository.get(link.code), link, did=f"{name}: add, then get({link.code!r})")
            for link in links:
                other = Link(link.code, "http://other", 5.0, None, 7)
                equal(repository.add(other), False, did=f"{name}: add of {link.code!r} again")
                equal(repository.add(link), False, did=f"{name}: add of the very same link again")
                equal(repository.get(link.code), link, did=f"{name}: then get({link.code!r})")
            repository.close()
            repository.close()
        for (name, one), (_, other) in zip(repositories(impl), repositories(impl), strict=True):
            one.add(Link("code", URL, 1.0))
            equal(other.get("code"), None, did=f"{name}: add to one; get from another one")
            equal(other.add(Link("code", "http://b", 2.0)), True, did=f"{name}: add to the other")
            equal(one.get("code"), Link("code", URL, 1.0), did=f"{name}: get from the first")

    simulate(scene)


@check("P1", "P2", "P11", kind="behaviour")
def test_codes_are_compared_exactly(impl: Implementation) -> None:
    """Codes that databases like to take for each other; and codes that look like SQL."""
    codes = [
        "abc",
        "ABC",
        "aBc",
        "007",
        "7",
        "07",
        "7.0",
        "1e3",
        "1000",
        "0x10",
        "16",
        "a_c",
        "a-c",
    ]
    codes += ["___", "true", "1", "null", "abcd", "ab", "None", "9" * 18, "9" * 19, "-1", "-01"]
    absent = ["a%", "%", "a?c", "AbC", "0", "7 ", " 7", "07.0", "", "*", "abc\0", "abc\n", "1E3"]
    absent += ["x' OR '1'='1", '" OR 1=1 --', "';DROP TABLE links;--", "\xe9\xff", "_bc", "a\0c"]

    def scene(sim: Sim) -> None:
        for name, repository in repositories(impl):
            for number, code in enumerate(codes):
                link = Link(code, f"http://{number}", float(number))
                equal(repository.add(link), True, did=f"{name}: add a link {code!r}, a new code")
            for code in absent:
                equal(repository.get(code), None, did=f"{name}: get({code!r}), never added")
                equal(repository.delete(code), False, did=f"{name}: delete({code!r}), never added")
                equal(repository.count_hit(code), None, did=f"{name}: count_hit({code!r})")
            for number, code in enumerate(codes):
                link = Link(code, f"http://{number}", float(number))
                equal(repository.get(code), link, did=f"{name}: then get({code!r})")

    simulate(scene)


@check("P8", "P10", "P11", kind="behaviour")
def test_both_repositories_do_what_a_model_does(impl: Implementation) -> None:
    """400 random calls over six codes, from seed 1, on both repositories and on a dictionary."""

    def scene(sim: Sim) -> None:
        for name, repository in repositories(impl):
            model, chance, told = Model(), random.Random(1), list[str]()
            for number in range(400):
                code = chance.choice(["a", "b", "c", "A", "B", "07"])
                expires = chance.choice([None, number + 0.5])
                link = Link(code, f"http://{number}", float(number), expires)
                method = chance.choice(["add", "get", "count_hit", "count_hit", "delete"])
                argument = link if method == "add" else code
                told.append(f"{method}({code!r})")
                got = getattr(repository, method)(argument)
                want = getattr(model, method)(argument)
                did = f"{name}: the last of {len(told)} calls, {', '.join(told[-6:])}"
                equal(got, want, did=did)
            for code in ("a", "b", "c", "A", "B", "07"):
                equal(
                    repository.get(code), model.get(code), did=f"{name}: in the end get({code!r})"
                )

    simulate(scene)


@check("P16", kind="throughput")
def test_sqlite_does_not_slow_down(impl: Implementation) -> None:
    """The steps that SQLite takes for each call, with 40 links and with 400."""

    def scene(sim: Sim) -> None:
        database = Database()
        repository = impl.SqliteRepository(database.path, database.connect)
        calls: dict[str, Callable[[str], object]] = {
            "add": lambda code: repository.add(Link(code + "+", URL, 1.0)),
            "add, taken": lambda code: repository.add(Link(code, URL, 1.0)),
            "get": repository.get,
            "get, absent": lambda code: repository.get(code + "-"),
            "count_hit": repository.count_hit,
            "delete": repository.delete,
        }
        taken: dict[str, list[int]] = {name: [] for name in calls}
        numbers = itertools.count()
        for size in (40, 360):
            for number in itertools.islice(numbers, size):
                repository.add(Link(f"code-{number}", URL, float(number), None, number))
            for name, call in calls.items():
                steps = database.steps(lambda call=call, size=size: call(f"code-{size // 2}"))
                taken[name].append(steps)
        for name, (few, many) in taken.items():
            ensure(
                many <= 2 * few + 40,
                did=f"SqliteRepository, {name}: steps of SQLite with 40 links, then with 400",
                want=f"about as many: {few}, then at most {2 * few + 40}",
                got=many,
            )

    simulate(scene)


@check("P16", kind="throughput")
def test_memory_does_not_slow_down(plain: Implementation) -> None:
    """Every call of MemoryRepository, with 200 links and with 20,000."""
    made: dict[int, Repository] = {}
    numbers = itertools.count(10**6)

    def prepare(size: int) -> Callable[[], object]:
        if size not in made:
            made[size] = plain.MemoryRepository()
            for number in range(size):
                made[size].add(Link(f"code-{number}", URL, 1.0))
        repository, dice = made[size], random.Random(1)
        codes = [f"code-{dice.randrange(size)}" for _ in range(100)]
        # Few new ones: the small repository has to stay small over all blocks.
        links = [Link(f"code-{next(numbers)}", URL, 1.0) for _ in range(5)]
        links += [Link(code, URL, 2.0) for code in codes]

        def block() -> None:
            for code in codes:
                repository.get(code)
                repository.count_hit(code)
                repository.delete(code)
            for link in links:
                repository.add(link)

        return block

    for small, large in ((100, 1_000), (200, 20_000)):
        did = "100 times get, count_hit, delete, and add of a taken code, on a MemoryRepository"
        grows_at_most(prepare, small=small, large=large, limit=8, did=did)
