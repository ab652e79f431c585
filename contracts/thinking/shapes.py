"""Shapes: immutable values, sums over anything with an area, and a catalogue that is open for new kinds.

Seen in production wherever small values travel through big programs: money, coordinates, durations,
keys of caches. Everybody has met the exercise with `class Shape(ABC)`. What is hard comes after it:
equality that survives subclasses, sums that do not depend on the order, code that serves kinds
nobody has thought of, and an error that says which of a million shapes is broken.

Decided here, because real code disagrees:

* Sizes are floats: `Rectangle(2, 3)` has the width 2.0. An int or a float will do as an argument
  (subclasses too), but no bool; and neither Decimal nor Fraction nor text, which would be guesses.
* What cannot be is refused when the shape is made: sizes that are not positive and finite, and
  sizes whose area or perimeter is no positive finite float (1e200 squared is infinite, 1e-200
  squared is 0).
* `area` and `perimeter` are attributes, not methods.
* Two shapes are equal if they are of exactly the same class and have the same sizes. A rectangle of
  2 by 3 is not one of 3 by 2, a subclass is another kind, and a shape equals no tuple. Asked about
  anything else, `==` leaves the answer to the other side (NotImplemented). There is no order.
* For the functions a shape is whatever has an attribute `area` that is an int or a float (again no
  bool), not negative, and finite as a float; zero will do. No base class, no registration. It counts
  as a float.
* Whether setting an attribute is an AttributeError or a TypeError is left open, as dataclasses with
  slots raise both.
* A sum of areas is exact: the float nearest to the true sum of the areas, whatever their order.
* The functions read an iterable once, look at the area of each shape once, and keep no shape but the
  largest so far. At the first bad shape they stop: the rest of the iterable is not read.
* What an iterable or an area raises passes through as it is. That includes an AttributeError from
  inside a property: such a shape has an area, but the area has a bug. (What `__getattr__` raises
  for `area` may count as either.) A StopIteration from an area is no end of anything: it comes as
  it is, or as the RuntimeError that Python makes of it in a generator.
* A catalogue makes shapes from texts like "circle 2.5". It knows rectangle and circle when it is
  made, and learns other kinds while it is in use. Catalogues share nothing.
* Left open: calling `__init__` of a finished shape, `object.__setattr__`, the repr of subclasses,
  which spellings of numbers a catalogue reads beside plain ones like 2, -2.5 and 1e3.
"""

from collections.abc import Callable, Iterable
from typing import Any, Final, Protocol

TITLE: Final = "Shapes"
LEVEL: Final = "easy"
MINUTES: Final = 45
IMPLEMENT: Final = (
    "Rectangle",
    "Circle",
    "total_area",
    "largest",
    "area_by_kind",
    "Catalogue",
)
PROMISES: Final = {
    "P1": "Rectangle and Circle have their sizes, area and perimeter as floats, right to a few units"
    " in the last place.",
    "P2": "A size that is no int or float is a TypeError, one that is not positive and finite a"
    " BadSize, as are sizes whose area or perimeter is no positive finite float; the error names the"
    " size and holds the value.",
    "P3": "A shape never changes: setting, deleting or adding any attribute is an AttributeError or"
    " a TypeError, and there is no `__dict__` to change it through.",
    "P4": "Shapes are equal, and then have the same hash, exactly if their class and their sizes are"
    " the same; asked about anything else, == gives NotImplemented, and < is a TypeError.",
    "P5": "A copy, a deep copy and a pickle of any protocol give an equal shape of the same class,"
    " and repr gives an expression that makes an equal one.",
    "P6": "total_area is the float nearest to the true sum of all areas, whatever their order, and"
    " 0.0 if there are none; a sum beyond all floats is an OverflowError.",
    "P7": "largest is the very object with the greatest area, the first of several; if there are"
    " none it raises NoShapes.",
    "P8": "area_by_kind gives for each class of shapes, in the order in which they first came, what"
    " total_area would give for its shapes alone.",
    "P9": "The functions take anything with an area, unrelated to any class here, from anything that"
    " can be iterated; they read it once, look at each area once, and hold on to no shape but"
    " largest's best.",
    "P10": "The first thing that is no shape raises NotAShape, the first area that cannot be BadArea;"
    " both name its class and hold it and its position, and nothing after it is read.",
    "P11": "What an iterable or an area raises passes through as it is, an AttributeError from"
    " inside a property too.",
    "P12": "Catalogue.parse makes a shape of every kind that is known: the first two, and what was"
    " added or exchanged since, in this catalogue only.",
    "P13": "A text or a kind that cannot be used raises the documented error, with its attributes as"
    " documented, and nothing has changed.",
    "P14": "Threads may add, exchange, list and parse at the same time: of several that add one name"
    " exactly one wins, no kind is lost, and a parse uses the whole of one kind.",
}


def _shown(value: float) -> str:
    """Its repr; Python writes no int out that has more than some thousand digits."""
    try:
        return repr(value)
    except ValueError:
        return "a very long int"


class BadSize(ValueError):
    """A shape cannot be of this size. `name` is "width", "height", "radius", "area" or "perimeter"."""

    def __init__(self, name: str, value: float) -> None:
        super().__init__(f"{name} must be positive and finite, got {_shown(value)}")
        self.name, self.value = name, value

    def __reduce__(self) -> Any:
        return type(self), (self.name, self.value)


class NotAShape(TypeError):
    """`shape`, at `position` (from 0) in what was given, has no area that is a number."""

    def __init__(self, shape: object, position: int, why: str) -> None:
        super().__init__(f"{type(shape).__name__} at position {position} is no shape: {why}")
        self.shape, self.position = shape, position


class BadArea(ValueError):
    """The area of `shape`, at `position` (from 0), is negative, infinite or not a number."""

    def __init__(self, shape: object, position: int, area: float) -> None:
        super().__init__(
            f"{type(shape).__name__} at position {position} has the area {_shown(area)}"
        )
        self.shape, self.position, self.area = shape, position, area


class NoShapes(ValueError):
    """There is no largest of no shapes."""


class UnknownKind(LookupError):
    """A catalogue does not know `name`; `known` are the names that it does, sorted."""

    def __init__(self, name: str, known: tuple[str, ...]) -> None:
        super().__init__(f"unknown kind {name!r}; known are {', '.join(known)}")
        self.name, self.known = name, known


class KindTaken(ValueError):
    """There is a kind of this `name` already."""

    def __init__(self, name: str) -> None:
        super().__init__(f"there is a kind {name!r} already")
        self.name = name


class BadText(ValueError):
    """`text` is not a name and as many numbers as its kind needs."""

    def __init__(self, text: str, why: str) -> None:
        super().__init__(f"{text!r}: {why}")
        self.text = text


class HasArea(Protocol):
    """Whatever has an area. Nobody has to inherit from this."""

    @property
    def area(self) -> float:
        """How large it is."""
        ...


class Rectangle(Protocol):
    """An immutable rectangle. Safe to share between threads."""

    @property
    def width(self) -> float:
        """One side."""
        ...

    @property
    def height(self) -> float:
        """The other side."""
        ...

    @property
    def area(self) -> float:
        """Width times height."""
        ...

    @property
    def perimeter(self) -> float:
        """Twice the width and twice the height."""
        ...


class NewRectangle(Protocol):
    """How a rectangle is made."""

    def __call__(self, width: float, height: float) -> Rectangle:
        """Make a rectangle.

        Raises:
            TypeError: `width` or `height` is neither int nor float, or a bool; the text names it.
            BadSize: one of them is not positive and finite (the first one is reported), or the area
                or the perimeter is not.
        """
        ...


class Circle(Protocol):
    """An immutable circle. Safe to share between threads."""

    @property
    def radius(self) -> float:
        """From the middle to the rim."""
        ...

    @property
    def area(self) -> float:
        """Pi times the square of the radius."""
        ...

    @property
    def perimeter(self) -> float:
        """Twice pi times the radius."""
        ...


class NewCircle(Protocol):
    """How a circle is made."""

    def __call__(self, radius: float) -> Circle:
        """Make a circle. Raises TypeError or BadSize, as Rectangle does."""
        ...


def total_area(shapes: Iterable[HasArea]) -> float:
    """Return the exact sum of the areas, as the nearest float.

    Raises:
        NotAShape: something has no attribute `area`, or it is neither an int nor a float, or a bool.
        BadArea: an area is negative, or not finite as a float.
        OverflowError: the sum is beyond all floats.
        TypeError: `shapes` cannot be iterated.
    """
    raise NotImplementedError


def largest(shapes: Iterable[HasArea]) -> HasArea:
    """Return the first of those with the greatest area; areas are compared as floats.

    Raises NoShapes if there are none; NotAShape, BadArea and TypeError as `total_area` does.
    """
    raise NotImplementedError


def area_by_kind(shapes: Iterable[HasArea]) -> dict[type, float]:
    """Return the exact sum of the areas for each class, which is `type(shape)`.

    What it holds meanwhile grows with the number of kinds, not with that of shapes.
    Raises what `total_area` raises.
    """
    raise NotImplementedError


class Catalogue(Protocol):
    """Makes shapes from texts, of kinds that can be added while it is in use. Thread-safe."""

    def add(self, name: str, make: Callable[..., Any], sizes: int) -> None:
        """Learn a kind: `make` is called with as many floats as `sizes` says.

        Raises:
            KindTaken: there is a kind of this name; use `exchange`.
            ValueError: `name` is empty or holds white space, or `sizes` is less than 1.
            TypeError: `name` is no str, `make` cannot be called, or `sizes` is no int (or a bool).
        """
        ...

    def exchange(self, name: str, make: Callable[..., Any], sizes: int) -> None:
        """Let `name` be another kind from now on; a parse that is under way may use either.

        Raises UnknownKind if there is no such kind; ValueError and TypeError as `add` does.
        """
        ...

    def kinds(self) -> tuple[str, ...]:
        """Return the names that are known now, sorted."""
        ...

    def parse(self, text: str) -> Any:
        """Return what the kind makes of the sizes in a text like "rectangle 2 3.5".

        The parts are separated by white space, of which there may be more before and after. Names
        are compared exactly. `make` is called with nothing locked, and what it raises passes
        through as it is; so BadSize comes from Rectangle and Circle.

        Raises:
            UnknownKind: the first part is no name of a kind.
            BadText: the text is empty, a size is no number, or there are too many or too few.
        """
        ...


class NewCatalogue(Protocol):
    """How a catalogue is made."""

    def __call__(self) -> Catalogue:
        """Make a catalogue that knows "rectangle", of two sizes, and "circle", of one."""
        ...
