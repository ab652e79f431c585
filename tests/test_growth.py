"""Cost by counting and by growth: good caches pass, linear ones never do."""

import collections
import itertools
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from graders.kit import CheckFailed, Inconclusive
from graders.kit.growth import CountedKey, costs_at_most, count_steps, grows_at_most
from graders.kit.sim import load


class Ordered:
    """O(1): an OrderedDict."""

    def __init__(self, room: int) -> None:
        self.room, self.data = room, collections.OrderedDict[Any, Any]()

    def put(self, key: Any, value: Any) -> None:
        """Evict the oldest."""
        self.data[key] = value
        self.data.move_to_end(key)
        if len(self.data) > self.room:
            self.evict()

    def evict(self) -> None:
        """Take the oldest out."""
        self.data.popitem(last=False)

    def get(self, key: Any) -> Any:
        """Move to the end."""
        self.data.move_to_end(key)
        return self.data[key]


class Plain(Ordered):
    """O(1): a dict that is popped and set again."""

    def __init__(self, room: int) -> None:
        super().__init__(room)
        self.plain: dict[Any, Any] = {}

    def put(self, key: Any, value: Any) -> None:
        """Evict the oldest."""
        self.plain.pop(key, None)
        self.plain[key] = value
        if len(self.plain) > self.room:
            del self.plain[next(iter(self.plain))]

    def get(self, key: Any) -> Any:
        """Put again."""
        value = self.plain.pop(key)
        self.plain[key] = value
        return value


class ScanOnEvict(Ordered):
    """O(n): looks for the oldest by a stamp."""

    def __init__(self, room: int) -> None:
        super().__init__(room)
        self.stamp = 0

    def put(self, key: Any, value: Any) -> None:
        """Stamp."""
        self.stamp += 1
        super().put(key, (self.stamp, value))

    def evict(self) -> None:
        """Search."""
        del self.data[min(self.data, key=lambda key: self.data[key][0])]


class CopyOnGet(Ordered):
    """O(n) in C: copies everything."""

    def get(self, key: Any) -> Any:
        """Copy."""
        self.data = self.data.copy()
        return super().get(key)


class ListOfKeys(Ordered):
    """O(n) in C: a list of keys that is searched."""

    def __init__(self, room: int) -> None:
        super().__init__(room)
        self.keys: list[Any] = []

    def put(self, key: Any, value: Any) -> None:
        """Append, remove from the front."""
        self.data[key] = value
        self.keys.append(key)
        if len(self.keys) > self.room:
            del self.data[self.keys.pop(0)]

    def get(self, key: Any) -> Any:
        """Search and append."""
        self.keys.remove(key)
        self.keys.append(key)
        return self.data[key]


def workload(kind: type[Ordered]) -> Callable[[int], Callable[[], None]]:
    """300 puts of fresh keys and gets of keys in the middle, on a full cache."""
    fresh = iter(range(1 << 60))

    def prepare(n: int) -> Callable[[], None]:
        cache = kind(n)
        old = [next(fresh) for _ in range(n)]
        for key in old:
            cache.put(key, key)
        middle = old[n // 2 : n // 2 + 50]

        def block() -> None:
            for key in middle:
                cache.get(key)
            for _ in range(50):
                cache.put(next(fresh), 0)

        return block

    return prepare


@pytest.fixture
def busy() -> Iterator[None]:
    """Both cores kept busy by other processes."""
    others = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(2)]
    try:
        yield
    finally:
        for other in others:
            other.kill()
            other.wait()


@pytest.mark.parametrize("kind", [Ordered, Plain])
def test_constant_time_passes_on_a_busy_machine(kind: type[Ordered], busy: None) -> None:
    """Eight times."""
    for _ in range(8):
        grows_at_most(workload(kind), large=5_000, did="100 operations")


@pytest.mark.parametrize("kind", [ScanOnEvict, CopyOnGet, ListOfKeys])
def test_linear_time_fails(kind: type[Ordered]) -> None:
    """Scans in Python and in C."""
    with pytest.raises(CheckFailed, match="times the time"):
        grows_at_most(workload(kind), large=10_000, did="100 operations")


def test_a_clock_that_stands_still_decides_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a limit on CPU time the clock may not advance during a block: no growth of a million times."""
    ticks = itertools.chain([0.0, 0.0, 0.0, 0.004], itertools.repeat(0.004))
    monkeypatch.setattr("graders.kit.growth.time.process_time", lambda: next(ticks))
    with pytest.raises(Inconclusive):
        grows_at_most(lambda _: lambda: None, did="nothing")


def test_steps_are_counted_alike_every_time(tmp_path: Path) -> None:
    """A loop over n entries passes about n points; the reference's cost is the measure."""
    path = tmp_path / "loops.py"
    path.write_text(
        "class A:\n    def __init__(self, n):\n        self.items = list(range(n))\n"
        "    def once(self):\n        return self.items[0]\n"
        "    def all(self):\n        return [x for x in self.items]\n"
    )
    kind = load("growth_loops", path).A
    it = kind(100)
    assert count_steps(it.once) == count_steps(it.once) == 1
    assert count_steps(it.all) == 101
    costs_at_most(it.once, it.once, did="once")
    with pytest.raises(CheckFailed, match="101 steps"):
        costs_at_most(it.all, it.once, did="all")


def test_keys_count_who_asks_them() -> None:
    """A dict look-up hashes once; a list search compares with each."""
    keys = [CountedKey(n) for n in range(50)]
    table = dict.fromkeys(keys)
    CountedKey.calls = 0
    assert table.get(keys[7], 0) is None
    assert CountedKey.calls == 1
    CountedKey.calls = 0
    assert CountedKey(49) in keys
    assert CountedKey.calls == 50
