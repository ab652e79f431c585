r"""Hard: everything that a contract may hold.

A backslash \d and a "quote".
"""

import threading
from abc import abstractmethod
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from typing import (
    TYPE_CHECKING,
    Any,
    ClassVar,
    Final,
    Generic,
    Literal,
    ParamSpec,
    Protocol,
    TypeVar,
    overload,
)

if TYPE_CHECKING:
    from decimal import Decimal

TITLE: Final = "Hard"
LEVEL: Final = "hard"
MINUTES: Final = 45
IMPLEMENT: Final = ("Store", "Later", "Handle", "build", "fetch_all")
PROMISES: Final = {
    "P1": "A sentence with a 'quote' and "
    "a second part that is long enough to be wrapped when it is printed in the stub, as it is.",
    "P2": "Another sentence.",
}
K = TypeVar("K")
V = TypeVar("V")
T = TypeVar("T")
T_contra = TypeVar("T_contra", contravariant=True)
Unused = TypeVar("Unused")
P = ParamSpec("P")
DEFAULT_SIZE: Final = 128
Callback = Callable[[K], None]


class StoreError(RuntimeError):
    """Root of the store's errors."""


class Full(StoreError):
    """There is no room."""


@dataclass(frozen=True)
class Entry(Generic[K]):
    """A value type."""

    key: K


class Clock(Protocol):
    """A collaborator that the grader hands in."""

    def now(self) -> float:
        """Return the seconds."""
        ...


class Sink(Protocol[T_contra]):
    """A base Protocol that nobody implements on its own."""

    def push(self, item: T_contra) -> None:
        """Push an item."""
        ...

    def count(self) -> int:
        """Count."""
        ...


class Store(Sink[K], Protocol[K, V]):
    """A store.

    With a long text.
    """

    limit: int
    """How many entries there may be."""
    kind: ClassVar[Literal["a", "b"]] = "a"

    @property
    def size(self) -> int:
        """Number of entries."""
        ...

    @size.setter
    def size(self, value: int) -> None: ...

    @overload
    def get(self, key: K) -> V | None: ...
    @overload
    def get(self, key: K, default: T) -> V | T: ...
    def get(self, key: K, default: object = None) -> object:
        """Get, with an implementation behind the overloads."""
        ...

    @overload
    def pick(self, key: int) -> int:
        """Pick one: overloads of one shape."""
        ...

    @overload
    def pick(self, key: str) -> str: ...

    @overload
    def take(self) -> V:
        """Take one, or several: overloads of different shapes."""
        ...

    @overload
    def take(self, *, count: int) -> list[V]: ...

    def put(
        self,
        key: K,
        value: V,
        /,
        *,
        ttl: float | None = None,
        mode: Literal["fast", "safe"] = "fast",
        on_evict: Callback[K] | None = None,
    ) -> "Handle":
        r"""Put with \n.

        Raises:
            Full: there is no room.
        """
        ...

    @abstractmethod
    async def fetch(self, *keys: K, **options: Any) -> Mapping[K, V]:
        """Fetch."""

    def stream(self) -> AsyncIterator[Entry[K]]:
        """Stream."""
        ...

    def call(self, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Call."""
        ...

    @classmethod
    def from_bytes(cls, data: bytes = b"\x00", price: "Decimal | None" = None) -> "Store[K, V]":
        """Read."""
        ...

    @staticmethod
    def version() -> str:
        """Version."""
        ...

    def __iter__(self) -> Iterator[K]:
        """Iterate."""
        ...

    def __contains__(self, key: object) -> bool:
        """Whether the key is there."""
        ...

    def count(self) -> int:
        """Count, said once more than in the base."""
        ...


class NewStore(Protocol):
    """How a Store is made."""

    def __call__(
        self,
        limit: int = DEFAULT_SIZE,
        *,
        clock: Clock | None = None,
        stop: threading.Event | None = None,
    ) -> Store[K, V]:
        """Make a store of at most `limit` entries."""
        ...


class Handle(Protocol):
    """What put returns: its constructor is the learner's own business."""

    def merge(self, other: "Handle", later: "list[Later]") -> "Handle":
        """Merge."""
        ...


class Later(Handle, Protocol):
    """Named before its base in IMPLEMENT."""

    async def done(self) -> bool:
        """Say whether it is over."""
        ...


def build(name: str, *, tags: tuple[str, ...] = ("x", 'it"s'), size: float = 1e-6) -> list[int]:
    """Build."""
    raise NotImplementedError


async def fetch_all(*names: str) -> dict[str, Entry[str]]:
    """Fetch all."""
    raise NotImplementedError
