r"""Hard: everything that a contract may hold.

A backslash \d and a "quote".

What your code must keep; every check names the promise it looks at:

P0  The module loads and has the shape of this contract.
P1  A sentence with a 'quote' and a second part that is long enough to be wrapped when it is
    printed in the stub, as it is.
P2  Another sentence.

Level: hard, 45 minutes.
Brief: exercises/patterns/hard.md
Grade: nox -s grade -- hard
"""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from concurrent.futures import Future
from decimal import Decimal
from typing import Any, ClassVar, Generic, Literal, overload

from contracts.patterns.hard import (
    DEFAULT_SIZE,
    Callback,
    Clock,
    Entry,
    Full,
    K,
    P,
    Sink,
    StoreError,
    T,
    V,
)


class Store(Generic[K, V]):
    """A store.

    With a long text.
    """

    limit: int
    """How many entries there may be."""
    kind: ClassVar[Literal["a", "b"]] = "a"

    def __init__(
        self,
        limit: int = DEFAULT_SIZE,
        *,
        clock: Clock | None = None,
        stop: threading.Event | None = None,
    ) -> None:
        """Make a store of at most `limit` entries."""
        raise NotImplementedError

    @property
    def size(self) -> int:
        """Number of entries."""
        raise NotImplementedError

    @size.setter
    def size(self, value: int) -> None:
        raise NotImplementedError

    @overload
    def get(self, key: K) -> V | None: ...
    @overload
    def get(self, key: K, default: T) -> V | T: ...
    def get(self, key: K, default: object = None) -> object:
        """Get, with an implementation behind the overloads."""
        raise NotImplementedError

    @overload
    def pick(self, key: int) -> int: ...
    @overload
    def pick(self, key: str) -> str: ...
    def pick(self, key: int | str) -> int | str:
        """Pick one: overloads of one shape."""
        raise NotImplementedError

    @overload
    def take(self) -> V: ...
    @overload
    def take(self, *, count: int) -> list[V]: ...
    def take(self, *args: Any, **kwargs: Any) -> V | list[V]:
        """Take one, or several: overloads of different shapes."""
        raise NotImplementedError

    def put(
        self,
        key: K,
        value: V,
        /,
        *,
        ttl: float | None = None,
        mode: Literal["fast", "safe"] = "fast",
        on_evict: Callback[K] | None = None,
    ) -> Handle:
        r"""Put with \n.

        Raises:
            Full: there is no room.
        """
        raise NotImplementedError

    async def fetch(self, *keys: K, **options: Any) -> Mapping[K, V]:
        """Fetch."""
        raise NotImplementedError

    def stream(self) -> AsyncIterator[Entry[K]]:
        """Stream."""
        raise NotImplementedError

    def call(self, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Call."""
        raise NotImplementedError

    @classmethod
    def from_bytes(cls, data: bytes = b"\x00", price: Decimal | None = None) -> Store[K, V]:
        """Read."""
        raise NotImplementedError

    @staticmethod
    def version() -> str:
        """Version."""
        raise NotImplementedError

    def __iter__(self) -> Iterator[K]:
        """Iterate."""
        raise NotImplementedError

    def __contains__(self, key: object) -> bool:
        """Whether the key is there."""
        raise NotImplementedError

    def count(self) -> int:
        """Count, said once more than in the base."""
        raise NotImplementedError

    def push(self, item: K) -> None:
        """Push an item."""
        raise NotImplementedError


class Handle:
    """What put returns: its constructor is the learner's own business."""

    def merge(self, other: Handle, later: list[Later]) -> Handle:
        """Merge."""
        raise NotImplementedError


class Later(Handle):
    """Named before its base in IMPLEMENT."""

    async def done(self) -> bool:
        """Say whether it is over."""
        raise NotImplementedError


def build(name: str, *, tags: tuple[str, ...] = ("x", 'it"s'), size: float = 1e-06) -> list[int]:
    """Build."""
    raise NotImplementedError


async def fetch_all(*names: str) -> dict[str, Entry[str]]:
    """Fetch all."""
    raise NotImplementedError
