"""Ordinary code of every shape: it must mean the same with switch points as without them."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import itertools
from collections.abc import Iterator
from typing import Any

TOTAL = 0


@dataclasses.dataclass
class Box:
    """A mutable value."""

    x: int = 0
    items: list[int] = dataclasses.field(default_factory=list)


class Base:
    """For `super()` and name mangling."""

    kind = "base"

    def __init__(self) -> None:
        self.__secret = 41

    def secret(self) -> int:
        self.__secret += 1
        return self.__secret


class Child(Base):
    """Uses zero-argument super, properties, class and static methods."""

    def __init__(self) -> None:
        super().__init__()
        self.log: list[str] = []

    def secret(self) -> int:
        return super().secret() * 2

    @property
    def size(self) -> int:
        return len(self.log)

    @size.setter
    def size(self, value: int) -> None:
        self.log[:] = ["x"] * value

    @classmethod
    def make(cls) -> Child:
        return cls()

    @staticmethod
    def twice(x: int) -> int:
        return x * 2


def order() -> list[str]:
    """Evaluation order of targets, subscripts, arguments and operators."""
    seen: list[str] = []

    def note(name: str, value: Any = 0) -> Any:
        seen.append(name)
        return value

    data = {0: 1}
    note("d", data)[note("k")] += note("v", 5)
    box = Box()
    note("o", box).x = note("w", 3)
    note("f", max)(note("a", 1), *note("b", [2]), key=note("c", lambda v: v))
    _ = note("l", 1) < note("m", 2) < note("r", 3)
    return [*seen, str(data), str(box.x)]


def loops() -> list[Any]:
    """Loops with else, break, continue, nested, over generators and dicts."""
    out: list[Any] = []
    n = 0
    while n < 5:
        n += 1
        if n == 2:
            continue
        if n == 4:
            break
        out.append(n)
    else:
        out.append("never")
    while n:
        n -= 1
    out.append("done")
    for i, j in zip([1, 2], itertools.count()):
        out.append((i, j))
    out.append("for-else")
    out += [a * b for a in range(3) if a for b in {"k": 1}.values()]
    out.append({k: v for k, v in {"a": 1}.items()})
    out.append(sum(x for x in [1, 2, 3]))
    return out


def generator_is_closed() -> list[str]:
    """A generator left by break is closed at once, as without points."""
    log: list[str] = []

    def numbers() -> Iterator[int]:
        try:
            yield from itertools.count()
        finally:
            log.append("closed")

    for number in numbers():
        if number == 2:
            break
    log.append("after")
    return log


def names() -> int:
    """Global and nonlocal names."""
    global TOTAL
    count = 0

    def bump() -> int:
        nonlocal count
        global TOTAL
        count += 1
        TOTAL += 1
        return count

    TOTAL = 0
    return bump() + bump() + TOTAL * 10


def matching(value: Any) -> str:
    """Patterns are no expressions and stay as they are."""
    match value:
        case Box(x=1):
            return "box 1"
        case {"k": [a, *rest]} if a in rest:
            return f"again {a!r:>3}"
        case [1, 2, *_]:
            return "list"
        case _:
            return "other"


def misc() -> list[Any]:
    """Slices, deletes, walrus, starred, chained, try/finally, with, lambda, partial."""
    box = Box(1, [1, 2, 3, 4])
    del box.items[1:3]
    first, *rest = box.items
    box.x, other = other_value = (7, 8)
    if (n := len(box.items)) > 1:
        box.items[0], box.items[-1] = box.items[-1], box.items[0]
    del box.x
    with contextlib.suppress(ZeroDivisionError), contextlib.ExitStack() as stack:
        stack.callback(box.items.append, 9)
        box.items[0] //= 0
    add = functools.partial(lambda a, b=2: a + b, 1)
    try:
        raise KeyError("k") from None
    except (KeyError, ValueError) as error:
        caught = error.args
    finally:
        box.items.append(n)
    return [box.items, first, rest, other, other_value, add(), caught, box.x, not box.items]


def everything() -> list[Any]:
    """All of the above as one value."""
    child = Child.make()
    child.size = 3
    return [
        order(), loops(), generator_is_closed(), names(), misc(), child.secret(), child.size,
        Child.twice(4), matching(Box(1)), matching({"k": [1, 1]}), matching([1, 2, 3]), matching(3),
    ]  # fmt: skip
