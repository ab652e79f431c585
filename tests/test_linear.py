"""Generated programs find unlocked objects for every seed, and accuse no locked one."""

import threading
from pathlib import Path
from typing import Any

import pytest

from graders.kit import CheckFailed
from graders.kit.linear import check_linearizable
from graders.kit.sim import install, load

install()
SOURCE = """
import collections, threading

class Lru:
    def __init__(self, lock):
        self.lock, self.data = lock, collections.OrderedDict()
    def get(self, key):
        with self.lock:
            if key not in self.data:
                return None
            self.data.move_to_end(key)
            return self.data[key]
    def put(self, key, value):
        with self.lock:
            self.data[key] = value
            self.data.move_to_end(key)
            if len(self.data) > 1:
                self.data.popitem(last=False)

class Pair:
    def __init__(self, lock):
        self.lock, self.a, self.b = lock, 0, 0
    def put(self, key, value):
        with self.lock:
            self.a = value
            self.b = value
    def get(self, key):
        with self.lock:
            return self.a, self.b

class Pool:
    def __init__(self, lock):
        self.lock, self.free = lock, 1
    def get(self, key):
        with self.lock:
            if self.free > 0:
                self.free -= 1
                return True
            return False
    def put(self, key, value):
        with self.lock:
            if self.free < 1:
                self.free += 1
"""


class NoLock:
    """Nothing is kept out."""

    def __enter__(self) -> None:
        """Enter."""

    def __exit__(self, *_: object) -> None:
        """Leave."""


OPERATIONS: list[tuple[str, tuple[Any, ...]]] = [
    ("get", ("a",)),
    ("get", ("b",)),
    ("put", ("a", 1)),
    ("put", ("b", 2)),
]


@pytest.fixture(scope="module")
def module(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The three classes, instrumented."""
    path: Path = tmp_path_factory.mktemp("linear") / "shared.py"
    path.write_text(SOURCE)
    return load("linear_shared", path)


@pytest.mark.parametrize("name", ["Lru", "Pair", "Pool"])
def test_without_a_lock_it_is_found_in_every_seed(module: Any, name: str) -> None:
    """20 of 20, with the history and a story."""
    kind = getattr(module, name)
    for seed in range(20):
        with pytest.raises(CheckFailed) as caught:
            check_linearizable(
                lambda: kind(NoLock()), lambda: kind(NoLock()), OPERATIONS, seed=seed
            )
        assert caught.value.story
        assert caught.value.token


@pytest.mark.parametrize("name", ["Lru", "Pair", "Pool"])
def test_with_a_lock_it_is_never_accused(module: Any, name: str) -> None:
    """No false alarm."""
    kind = getattr(module, name)
    for seed in range(8):
        check_linearizable(
            lambda: kind(threading.Lock()),
            lambda: kind(NoLock()),
            OPERATIONS,
            seed=seed,
            scenarios=6,
        )


def test_state_that_no_operation_returns_is_the_invariant_s(module: Any) -> None:
    """Called with the object at the end of every schedule."""
    seen: list[int] = []
    check_linearizable(
        lambda: module.Pool(threading.Lock()),
        lambda: module.Pool(NoLock()),
        OPERATIONS,
        scenarios=2,
        schedules=5,
        setup=[("get", ("a",))],
        invariant=lambda it: seen.append(it.free),
    )
    assert set(seen) <= {0, 1}
    assert len(seen) >= 10
