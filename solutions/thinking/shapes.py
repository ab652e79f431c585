"""Shapes as frozen dataclasses with slots, functions that ask for an area and nothing else, and a table of kinds.

Nothing here inherits from a Shape: what the functions need is one attribute, and a Protocol says so to the type
checker. The dataclass writes `__init__`, `__eq__`, `__hash__` and `__repr__`; `slots=True` takes the `__dict__` away
and brings the support for pickle that frozen classes with slots need.

Trade-offs: sizes become floats, so a whole number above 2**53 is rounded. Exact sums by kind are Fractions, because
`math.fsum` wants all numbers of a kind at once: some microseconds for each shape, and no list. Attributes that
are computed each time cost a multiplication; storing them would cost eight bytes for each of them and shape.
"""

import inspect
import math
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from operator import itemgetter
from typing import Any

from contracts.thinking.shapes import (
    BadArea,
    BadSize,
    BadText,
    HasArea,
    KindTaken,
    NoShapes,
    NotAShape,
    UnknownKind,
)


@dataclass(frozen=True, slots=True)
class Rectangle:
    """An immutable rectangle."""

    width: float
    height: float

    def __post_init__(self) -> None:
        for name in ("width", "height"):
            object.__setattr__(self, name, _size(name, getattr(self, name)))
        _check("area", self.area)
        _check("perimeter", self.perimeter)

    @property
    def area(self) -> float:
        """Width times height."""
        return self.width * self.height

    @property
    def perimeter(self) -> float:
        """Twice the width and twice the height."""
        return 2 * (self.width + self.height)


@dataclass(frozen=True, slots=True)
class Circle:
    """An immutable circle."""

    radius: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "radius", _size("radius", self.radius))
        _check("area", self.area)  # it is infinite, or 0, before the perimeter is

    @property
    def area(self) -> float:
        """Pi times the square of the radius."""
        return math.pi * self.radius * self.radius

    @property
    def perimeter(self) -> float:
        """Twice pi times the radius."""
        return 2 * math.pi * self.radius


def total_area(shapes: Iterable[HasArea]) -> float:
    """Return the exact sum of the areas. Cost: O(n) time, O(1) memory."""
    return math.fsum(area for _, area in _areas(shapes))


def largest(shapes: Iterable[HasArea]) -> HasArea:
    """Return the first of those with the greatest area. Cost: O(n) time, O(1) memory."""
    best = max(_areas(shapes), key=itemgetter(1), default=None)
    if best is None:
        raise NoShapes("there is no largest of no shapes")
    return best[0]


def area_by_kind(shapes: Iterable[HasArea]) -> dict[type, float]:
    """Return the exact sum for each class. Cost: O(n) time, O(kinds) memory."""
    sums: dict[type, Fraction] = {}
    for shape, area in _areas(shapes):
        kind = type(shape)
        sums[kind] = sums.get(kind, Fraction()) + Fraction(area)
    return {kind: float(total) for kind, total in sums.items()}


class Catalogue:
    """Makes shapes from texts, of kinds that can be added while it is in use."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kinds: dict[str, tuple[Callable[..., Any], int]] = {
            "rectangle": (Rectangle, 2),
            "circle": (Circle, 1),
        }

    def add(self, name: str, make: Callable[..., Any], sizes: int) -> None:
        """Learn a kind."""
        _check_kind(name, make, sizes)
        with self._lock:
            if name in self._kinds:
                raise KindTaken(name)
            self._kinds[name] = (make, sizes)

    def exchange(self, name: str, make: Callable[..., Any], sizes: int) -> None:
        """Let `name` be another kind from now on."""
        _check_kind(name, make, sizes)
        with self._lock:
            if name in self._kinds:
                self._kinds[name] = (make, sizes)
                return
        raise UnknownKind(name, self.kinds())

    def kinds(self) -> tuple[str, ...]:
        """Return the names that are known now, sorted."""
        with self._lock:
            return tuple(sorted(self._kinds))

    def parse(self, text: str) -> Any:
        """Return what the kind makes of the sizes in the text."""
        name, *numbers = text.split() or [""]
        if not name:
            raise BadText(text, "a name and sizes are needed")
        with self._lock:
            kind = self._kinds.get(name)
        if kind is None:
            raise UnknownKind(name, self.kinds())
        make, sizes = kind
        if len(numbers) != sizes:
            raise BadText(text, f"{name} needs {sizes} sizes, got {len(numbers)}")
        return make(*[_number(text, number) for number in numbers])


def _size(name: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{name} must be an int or a float, got {type(value).__name__}")
    try:
        size = float(value)
    except OverflowError:  # an int beyond all floats
        size = math.inf
    if not 0 < size < math.inf:
        raise BadSize(name, value)
    return size


def _check(name: str, value: float) -> None:
    if not 0 < value < math.inf:
        raise BadSize(name, value)


def _areas(shapes: Iterable[HasArea]) -> Iterator[tuple[HasArea, float]]:
    """Each shape with its area as a float. Asks for the area only once: a property may be slow, or count."""
    for position, shape in enumerate(shapes):
        yield shape, _area(shape, position)


def _area(shape: HasArea, position: int) -> float:
    try:
        area = shape.area
    except AttributeError:
        if inspect.getattr_static(shape, "area", None) is None:
            raise NotAShape(shape, position, "it has no area") from None
        raise  # it has one, and that has a bug
    if isinstance(area, bool) or not isinstance(area, int | float):
        raise NotAShape(shape, position, f"its area is of type {type(area).__name__}")
    try:
        number = float(area)
    except OverflowError:
        number = math.inf
    if not 0 <= number < math.inf:
        raise BadArea(shape, position, area)
    return number


def _check_kind(name: object, make: object, sizes: object) -> None:
    if not isinstance(name, str):
        raise TypeError(f"name must be a str, got {type(name).__name__}")
    if name.split() != [name]:
        raise ValueError(f"name must be one word, got {name!r}")
    if not callable(make):
        raise TypeError(f"make must be callable, got {type(make).__name__}")
    if isinstance(sizes, bool) or not isinstance(sizes, int):
        raise TypeError(f"sizes must be an int, got {type(sizes).__name__}")
    if sizes < 1:
        raise ValueError(f"sizes must be at least 1, got {sizes}")


def _number(text: str, number: str) -> float:
    try:
        return float(number)
    except ValueError:
        raise BadText(text, f"{number!r} is no number") from None
