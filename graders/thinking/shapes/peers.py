"""A library behind the contract, and right shapes in other styles."""

import functools
import inspect
import math
import operator
import threading
from collections.abc import Callable, Iterable, Iterator
from decimal import Context, Decimal
from types import MappingProxyType
from typing import Any, ClassVar

from contracts.thinking.shapes import (
    BadArea,
    BadSize,
    BadText,
    KindTaken,
    NoShapes,
    NotAShape,
    UnknownKind,
)

try:
    import attrs
except ImportError:  # reported as missing by whoever wants to run the peer
    attrs = None  # type: ignore[assignment]


def _number(value: object) -> float | None:
    """As a float; None if it is no number, infinite if it is beyond all floats."""
    if type(value) is bool or not isinstance(value, (int, float)):
        return None
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def _measured(shape: object, place: int) -> float:
    try:
        area = shape.area  # type: ignore[attr-defined]
    except AttributeError:
        if inspect.getattr_static(shape, "area", None) is not None:
            raise
        raise NotAShape(shape, place, "no area") from None
    number = _number(area)
    if number is None:
        raise NotAShape(shape, place, f"{type(area).__name__} as area")
    if number < 0 or not math.isfinite(number):
        raise BadArea(shape, place, area)
    return number


def _positive(name: str, value: object) -> float:
    number = _number(value)
    if number is None:
        raise TypeError(f"{name}: {type(value).__name__} is no number")
    if number <= 0 or not math.isfinite(number):
        raise BadSize(name, value)  # type: ignore[arg-type]
    return number


class Handwritten:
    """Classes on a base of their own, without dataclasses; partial sums in lists; a table copied at each change."""

    requires = ()
    fails: ClassVar[dict[str, str]] = {}

    class Value:
        """A base for values: the sizes are a tuple in a slot, and `SIZES` names them."""

        __slots__ = ("_sizes",)
        SIZES: ClassVar[tuple[str, ...]] = ()

        def __new__(cls, *args: float, **kwargs: float) -> Any:
            given = inspect.signature(cls.__init__).bind(None, *args, **kwargs).arguments
            self = super().__new__(cls)
            sizes = tuple(_positive(name, given[name]) for name in cls.SIZES)
            object.__setattr__(self, "_sizes", sizes)
            for name in ("area", "perimeter"):
                value = getattr(self, name)
                if not 0 < value < math.inf:
                    raise BadSize(name, value)
            return self

        def __getnewargs__(self) -> tuple[float, ...]:
            return self._sizes  # type: ignore[no-any-return,attr-defined]

        def __reduce__(self) -> Any:
            return type(self), self._sizes  # type: ignore[attr-defined]

        def __eq__(self, other: object) -> Any:
            if not isinstance(other, Handwritten.Value):
                return NotImplemented
            mine, others = (type(self), self._sizes), (type(other), other._sizes)  # type: ignore[attr-defined]
            return mine == others

        def __hash__(self) -> int:
            return hash((type(self), self._sizes))  # type: ignore[attr-defined]

        def __setattr__(self, name: str, value: object) -> None:
            raise AttributeError(f"{name} cannot be set")

        def __delattr__(self, name: str) -> None:
            raise AttributeError(f"{name} cannot be deleted")

        def __repr__(self) -> str:
            return f"{type(self).__name__}{self._sizes}".replace(",)", ")")  # type: ignore[attr-defined]

    class Rectangle(Value):
        """Two sizes."""

        __slots__ = ()
        SIZES = ("width", "height")

        def __init__(self, width: float, height: float) -> None:
            """What they are is settled in `__new__`."""

        width = property(lambda self: self._sizes[0])
        height = property(lambda self: self._sizes[1])
        area = property(lambda self: self._sizes[0] * self._sizes[1])
        perimeter = property(lambda self: 2.0 * sum(self._sizes))

    class Circle(Value):
        """One size."""

        __slots__ = ()
        SIZES = ("radius",)

        def __init__(self, radius: float) -> None:
            """What it is is settled in `__new__`."""

        radius = property(lambda self: self._sizes[0])
        area = property(lambda self: self._sizes[0] * (math.pi * self._sizes[0]))
        perimeter = property(lambda self: math.tau * self._sizes[0])

    @staticmethod
    def total_area(shapes: Iterable[Any]) -> float:
        partials: list[float] = []
        for place, shape in enumerate(shapes):
            _grow(partials, _measured(shape, place))
        return _end(partials)

    @staticmethod
    def largest(shapes: Iterable[Any]) -> Any:
        pairs = ((_measured(shape, place), shape) for place, shape in enumerate(shapes))
        try:
            return functools.reduce(lambda a, b: b if b[0] > a[0] else a, pairs)[1]
        except TypeError as error:
            if "empty iterable" not in str(error):
                raise
            raise NoShapes from None

    @staticmethod
    def area_by_kind(shapes: Iterable[Any]) -> dict[type, float]:
        sums: dict[type, list[float]] = {}
        for place, shape in enumerate(shapes):
            area = _measured(shape, place)
            _grow(sums.setdefault(type(shape), []), area)
        return {kind: _end(partials) for kind, partials in sums.items()}

    class Catalogue:
        """A read-only mapping that is swapped for another one at each change."""

        def __init__(self) -> None:
            first = {"rectangle": (Handwritten.Rectangle, 2), "circle": (Handwritten.Circle, 1)}
            self.table: Any = MappingProxyType(first)
            self.changing = threading.Lock()

        def add(self, name: str, make: Callable[..., Any], sizes: int) -> None:
            self.change(name, make, sizes, there=False)

        def exchange(self, name: str, make: Callable[..., Any], sizes: int) -> None:
            self.change(name, make, sizes, there=True)

        def change(self, name: str, make: Callable[..., Any], sizes: int, *, there: bool) -> None:
            _check_kind(name, make, sizes)
            with self.changing:
                if (name in self.table) != there:
                    raise UnknownKind(name, self.kinds()) if there else KindTaken(name)
                self.table = MappingProxyType({**self.table, name: (make, sizes)})

        def kinds(self) -> tuple[str, ...]:
            return tuple(sorted(self.table))

        def parse(self, text: str) -> Any:
            table = self.table
            match text.split():
                case []:
                    raise BadText(text, "nothing there")
                case [name, *_] if name not in table:
                    raise UnknownKind(name, tuple(sorted(table)))
                case [name, *parts] if len(parts) == table[name][1]:
                    return table[name][0](*_floats(text, parts))
            raise BadText(text, "wrong number of sizes")


def _floats(text: str, parts: list[str]) -> Iterator[float]:
    try:
        yield from [float(part) for part in parts]
    except ValueError:
        raise BadText(text, "no number") from None


def _check_kind(name: object, make: object, sizes: object) -> None:
    if not (isinstance(name, str) and callable(make) and type(sizes) is int):
        raise TypeError(f"add({name!r}, {make!r}, {sizes!r})")
    if len(name.split()) != 1 or name.strip() != name or sizes < 1:
        raise ValueError(f"add({name!r}, {make!r}, {sizes!r})")


def _grow(partials: list[float], number: float) -> None:
    """Add exactly: no two of the partial sums overlap (Shewchuk's algorithm)."""
    rest = []
    for partial in partials:
        big, small = (number, partial) if abs(number) >= abs(partial) else (partial, number)
        number = big + small
        if (lost := small - (number - big)) != 0.0:
            rest.append(lost)
    partials[:] = [*rest, number]
    if math.isinf(number):
        raise OverflowError("the sum is beyond all floats")


def _end(partials: list[float]) -> float:
    return math.fsum(partials)


def _possible(self: Any) -> None:
    for part in ("area", "perimeter"):
        if not 0 < getattr(self, part) < math.inf:
            raise BadSize(part, getattr(self, part))


def _sized(name: str) -> Any:
    return attrs.field(converter=functools.partial(_positive, name)) if attrs else None


_frozen = attrs.frozen if attrs else lambda kind: kind


@_frozen
class _Rectangle:
    """The sizes are converted, and checked afterwards."""

    width: float = _sized("width")
    height: float = _sized("height")

    def __attrs_post_init__(self) -> None:
        _possible(self)

    @property
    def area(self) -> float:
        return self.height * self.width

    @property
    def perimeter(self) -> float:
        return self.width * 2 + self.height * 2


@_frozen
class _Circle:
    """As above."""

    radius: float = _sized("radius")

    def __attrs_post_init__(self) -> None:
        _possible(self)

    @property
    def area(self) -> float:
        return self.radius * self.radius * math.pi

    @property
    def perimeter(self) -> float:
        return math.pi * (self.radius + self.radius)


for _kind in (_Rectangle, _Circle):
    _kind.__qualname__ = _kind.__name__ = _kind.__name__.lstrip("_")


class Attrs:
    """Values made by the package attrs, sums in decimals of any length, one table behind a semaphore."""

    requires = ("attrs",)
    fails: ClassVar[dict[str, str]] = {}

    Rectangle = _Rectangle
    Circle = _Circle

    @staticmethod
    def total_area(shapes: Iterable[Any]) -> float:
        return _decimal_sums((None, _measured(s, n)) for n, s in enumerate(shapes)).get(None, 0.0)

    @staticmethod
    def largest(shapes: Iterable[Any]) -> Any:
        measured = ((_measured(shape, place), shape) for place, shape in enumerate(shapes))
        best = max(measured, key=operator.itemgetter(0), default=None)
        if best is None:
            raise NoShapes
        return best[1]

    @staticmethod
    def area_by_kind(shapes: Iterable[Any]) -> dict[Any, float]:
        return _decimal_sums((type(s), _measured(s, n)) for n, s in enumerate(shapes))

    class Catalogue:
        """Whoever has the semaphore may look into the table, or change it."""

        def __init__(self) -> None:
            self.table = {"rectangle": (Attrs.Rectangle, 2), "circle": (Attrs.Circle, 1)}
            self.turn = threading.Semaphore()

        def add(self, name: str, make: Callable[..., Any], sizes: int) -> None:
            _check_kind(name, make, sizes)
            with self.turn:
                mine = (make, sizes)
                if self.table.setdefault(name, mine) is not mine:
                    raise KindTaken(name)

        def exchange(self, name: str, make: Callable[..., Any], sizes: int) -> None:
            _check_kind(name, make, sizes)
            with self.turn:
                known = tuple(sorted(self.table))
                if name in known:
                    self.table[name] = (make, sizes)
                    return
            raise UnknownKind(name, known)

        def kinds(self) -> tuple[str, ...]:
            with self.turn:
                return tuple(sorted(self.table))

        def parse(self, text: str) -> Any:
            words = text.split()
            if not words:
                raise BadText(text, "empty")
            with self.turn:
                found, known = self.table.get(words[0]), tuple(sorted(self.table))
            if found is None:
                raise UnknownKind(words[0], known)
            try:
                sizes = [float(word) for word in words[1:]]
            except ValueError:
                raise BadText(text, "numbers, please") from None
            if len(sizes) != found[1]:
                raise BadText(text, f"{found[1]} sizes, please")
            return found[0](*sizes)


def _decimal_sums(areas: Iterable[tuple[Any, float]]) -> dict[Any, float]:
    """Every float is a decimal of at most 1,100 digits, and so is every sum."""
    exact, sums = Context(prec=2_000, Emax=999_999, Emin=-999_999), dict[Any, Decimal]()
    for key, area in areas:
        sums[key] = exact.add(sums.get(key, Decimal(0)), exact.create_decimal_from_float(area))
    totals = {key: float(total) for key, total in sums.items()}
    if math.inf in totals.values():
        raise OverflowError("the sum is beyond all floats")
    return totals
