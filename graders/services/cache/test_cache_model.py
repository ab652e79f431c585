"""Generated programs against a sequential model, one thread and several."""

import math
import random
import time
from collections.abc import Callable

from contracts.services.cache import Cache, Stats
from graders.kit import CheckFailed, Implementation, Sim, check, equal, simulate
from graders.kit.linear import check_linearizable

ABSENT = "absent"
Call = tuple[str, tuple[object, ...]]


class Model:
    """The contract as one would explain it: a list in order of use, walked through every time."""

    def __init__(self, capacity: int, ttl: float = math.inf) -> None:
        self.capacity, self.ttl = capacity, ttl
        self.entries: list[tuple[object, object, float]] = []  # key, value, deadline
        self.hits = self.misses = self.evictions = self.expirations = self.loads = 0

    def live(self) -> list[tuple[object, object, float]]:
        """Drop the dead."""
        now = time.monotonic()
        alive = [entry for entry in self.entries if now < entry[2]]
        self.expirations += len(self.entries) - len(alive)
        self.entries = alive
        return alive

    def take(self, key: object) -> tuple[object, object, float] | None:
        """Take the entry of `key` out of the order."""
        for entry in self.live():
            if entry[0] == key:
                self.entries.remove(entry)
                return entry
        return None

    def get(self, key: object, default: object = None) -> object:
        entry = self.take(key)
        if entry is None:
            self.misses += 1
            return default
        self.hits += 1
        self.entries.append(entry)
        return entry[1]

    def put(self, key: object, value: object, ttl: float | None = None) -> None:
        if self.take(key) is None and len(self.entries) == self.capacity:
            del self.entries[0]
            self.evictions += 1
        self.entries.append((key, value, time.monotonic() + (self.ttl if ttl is None else ttl)))

    def delete(self, key: object) -> bool:
        return self.take(key) is not None

    def load(self, key: object, value: object, ttl: float | None = None) -> object:
        got = self.get(key, ABSENT)
        if got == ABSENT:
            self.loads += 1
            self.put(key, value, ttl)
            return value
        return got

    def contains(self, key: object) -> bool:
        return any(entry[0] == key for entry in self.live())

    def size(self) -> int:
        return len(self.live())

    def stats(self) -> Stats:
        size = self.size()
        return Stats(self.hits, self.misses, self.evictions, self.expirations, self.loads, 0, size)

    def sleep(self, seconds: float) -> None:
        """Time passes for both; the implementation's side sleeps."""


class Driver:
    """The implementation with the model's method names."""

    def __init__(self, cache: Cache) -> None:
        self.cache = cache

    def __getattr__(self, name: str) -> Callable[..., object]:
        return getattr(self.cache, name)  # type: ignore[no-any-return]

    def load(self, key: object, value: object, ttl: float | None = None) -> object:
        return self.cache.get_or_load(key, lambda: value, ttl)

    def contains(self, key: object) -> bool:
        return key in self.cache

    def size(self) -> int:
        return len(self.cache)

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


def run(make: Callable[..., Cache], capacity: int, ttl: float, program: list[Call]) -> None:
    """Do each call on both sides. CheckFailed for the first that differs."""
    cache, model = Driver(make(capacity, ttl)), Model(capacity, ttl)
    for position, (name, arguments) in enumerate(program):
        got = getattr(cache, name)(*arguments)
        want = getattr(model, name)(*arguments)
        equal(got, want, did=told(capacity, ttl, program[: position + 1]))
    left = [key for key in "abcde" if cache.contains(key)]
    want_left = [key for key in "abcde" if model.contains(key)]
    equal(left, want_left, did=told(capacity, ttl, program) + "; keys left")


def told(capacity: int, ttl: float, program: list[Call]) -> str:
    """The program as a learner would type it."""
    words = {"load": "get_or_load", "contains": "in", "size": "len"}
    lines = ", ".join(
        f"{words.get(name, name)}({', '.join(map(repr, arguments))})" for name, arguments in program
    )
    return f"Cache({capacity}, {ttl}): {lines}"


def shrunk(fails: Callable[[list[Call]], CheckFailed | None], program: list[Call]) -> CheckFailed:
    """Leave out calls as long as it still fails; return the failure of the shortest program."""
    failure = fails(program)
    assert failure is not None
    position = len(program) - 1
    while position >= 0:
        shorter = program[:position] + program[position + 1 :]
        smaller = fails(shorter)
        if smaller is not None:
            program, failure = shorter, smaller
        position -= 1
    return failure


def generated(
    impl: Implementation, draw: Callable[[random.Random], Call], *, programs: int, ttl: bool
) -> None:
    """Run generated programs; report the shortest version of the first that fails."""

    def scene(sim: Sim) -> None:
        for seed in range(programs):
            dice = random.Random(seed)
            capacity = dice.randint(1, 4)
            lifetime = dice.choice((math.inf, 2, 5)) if ttl else math.inf
            program = [draw(dice) for _ in range(40)]

            def fails(
                program: list[Call], capacity: int = capacity, lifetime: float = lifetime
            ) -> CheckFailed | None:
                try:
                    run(impl.Cache, capacity, lifetime, program)
                except CheckFailed as failure:
                    return failure
                return None

            if fails(program) is not None:
                shortest = shrunk(fails, program)
                shortest.did = f"generated program, seed {seed}: {shortest.did}"
                raise shortest

    simulate(scene)


def a_use(dice: random.Random) -> Call:
    """A call that has nothing to do with time."""
    key, value = dice.choice("abcde"), dice.randint(0, 9)
    return dice.choice(
        (
            ("get", (key, ABSENT)),
            ("get", (key, ABSENT)),
            ("put", (key, value)),
            ("put", (key, value)),
            ("load", (key, value)),
            ("delete", (key,)),
            ("contains", (key,)),
            ("size", ()),
        )
    )


def a_use_in_time(dice: random.Random) -> Call:
    """A call, a put with a lifetime of its own, or a pause."""
    key, value = dice.choice("abcde"), dice.randint(0, 9)
    ttl = dice.choice((0.5, 1, 2, 3, math.inf))
    return dice.choice(
        (
            a_use(dice),
            a_use(dice),
            ("put", (key, value, ttl)),
            ("load", (key, value, ttl)),
            ("sleep", (dice.choice((0.25, 0.5, 1, 2)),)),
        )
    )


@check("P1", "P2", kind="behaviour")
def test_generated_programs_evict_as_the_model(impl: Implementation) -> None:
    """50 generated programs of 40 calls, capacities 1 to 4, five keys, no lifetimes."""
    generated(impl, a_use, programs=50, ttl=False)


@check("P2", "P3", "P4", kind="timing")
def test_generated_programs_in_time(impl: Implementation) -> None:
    """50 generated programs of 40 calls with lifetimes and pauses, capacities 1 to 4."""
    generated(impl, a_use_in_time, programs=50, ttl=True)


@check("P5", kind="timing")
def test_generated_programs_count_as_the_model(impl: Implementation) -> None:
    """40 generated programs with lifetimes and pauses; stats() now and then."""

    def draw(dice: random.Random) -> Call:
        return ("stats", ()) if dice.random() < 0.2 else a_use_in_time(dice)

    generated(impl, draw, programs=40, ttl=True)


OPERATIONS: list[Call] = [
    ("get", ("a", ABSENT)),
    ("get", ("b", ABSENT)),
    ("put", ("a", 1)),
    ("put", ("b", 2)),
    ("put", ("c", 3)),
    ("delete", ("a",)),
    ("contains", ("a",)),
    ("contains", ("b",)),
    ("size", ()),
]


@check("P8", kind="concurrency")
def test_two_threads_as_if_one_after_another(impl: Implementation) -> None:
    """Generated scenarios of two threads with three calls each on a cache of two entries."""
    check_linearizable(
        lambda: Driver(impl.Cache(2)), lambda: Model(2), OPERATIONS, scenarios=7, schedules=24
    )
    check_linearizable(
        lambda: Driver(impl.Cache(2)),
        lambda: Model(2),
        OPERATIONS,
        scenarios=7,
        schedules=24,
        seed=3,
        setup=[("put", ("a", 8)), ("put", ("b", 9))],
    )


@check("P8", kind="concurrency")
def test_a_cache_of_one_entry_in_three_threads(impl: Implementation) -> None:
    """Generated scenarios of three threads with two calls each on a cache of one entry."""
    check_linearizable(
        lambda: Driver(impl.Cache(1)),
        lambda: Model(1),
        OPERATIONS,
        threads=3,
        length=2,
        scenarios=8,
        schedules=24,
        seed=1,
        setup=[("put", ("a", 8))],
    )


@check("P5", "P8", kind="concurrency")
def test_statistics_are_of_one_instant(impl: Implementation) -> None:
    """Generated scenarios of two threads: reads and writes in both, stats() among them."""
    operations = [*OPERATIONS[:6], ("stats", ()), ("stats", ())]
    check_linearizable(
        lambda: Driver(impl.Cache(1)),
        lambda: Model(1),
        operations,
        scenarios=8,
        schedules=24,
        seed=2,
        setup=[("put", ("a", 8))],
    )
