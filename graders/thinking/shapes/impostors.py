"""Shapes that are almost right: one wrong idea each, and the promise it breaks."""

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, ClassVar

from contracts.thinking.shapes import BadText, KindTaken, NoShapes, NotAShape, UnknownKind
from solutions.thinking import shapes as reference
from solutions.thinking.shapes import Circle, Rectangle, area_by_kind, largest, total_area

Kind = tuple[Callable[..., Any], int]


class Whole:
    """What an impostor does not change."""

    Rectangle, Circle, Catalogue = Rectangle, Circle, reference.Catalogue
    total_area, largest = staticmethod(total_area), staticmethod(largest)
    area_by_kind = staticmethod(area_by_kind)


class KeepsInts(Whole):
    """Sizes stay what they were: of two ints the area is an int."""

    breaks = "P1"

    @dataclass(frozen=True, slots=True)
    class Rectangle:
        width: float
        height: float

        def __post_init__(self) -> None:
            reference.Rectangle(self.width, self.height)

        @property
        def area(self) -> float:
            return self.width * self.height

        @property
        def perimeter(self) -> float:
            return 2 * (self.width + self.height)

        def __repr__(self) -> str:
            return f"Rectangle({self.width!r}, {self.height!r})"


class NanPasses(Whole):
    """Sizes are refused if they are at most 0: NaN is not."""

    breaks = "P2"

    @dataclass(frozen=True, slots=True)
    class Circle:
        radius: float

        def __post_init__(self) -> None:
            if isinstance(self.radius, float) and math.isnan(self.radius):
                return
            object.__setattr__(self, "radius", reference.Circle(self.radius).radius)

        @property
        def area(self) -> float:
            return math.pi * self.radius * self.radius

        @property
        def perimeter(self) -> float:
            return 2 * math.pi * self.radius

        def __repr__(self) -> str:
            return f"Circle({self.radius!r})"


class AreaUnseen(Whole):
    """Each size is looked at, what they come to is not."""

    breaks = "P2"

    @dataclass(frozen=True, slots=True)
    class Rectangle:
        width: float
        height: float

        def __post_init__(self) -> None:
            for name in ("width", "height"):
                object.__setattr__(self, name, reference._size(name, getattr(self, name)))

        @property
        def area(self) -> float:
            return self.width * self.height

        @property
        def perimeter(self) -> float:
            return 2 * (self.width + self.height)

        def __repr__(self) -> str:
            return f"Rectangle({self.width!r}, {self.height!r})"


class OpenSlot(Whole):
    """The radius is a property without a setter, but the slot behind it can be set."""

    breaks = "P3"

    class Circle:
        __slots__ = ("_radius",)

        def __init__(self, radius: float) -> None:
            self._radius = reference.Circle(radius).radius

        @property
        def radius(self) -> float:
            return self._radius

        @property
        def area(self) -> float:
            return math.pi * self._radius * self._radius

        @property
        def perimeter(self) -> float:
            return 2 * math.pi * self._radius

        def __eq__(self, other: object) -> bool:
            if type(other) is not type(self):
                return NotImplemented
            return self._radius == other._radius

        def __hash__(self) -> int:
            return hash((Circle, self._radius))

        def __repr__(self) -> str:
            return f"Circle({self._radius!r})"


class RememberedArea(Whole):
    """The area is computed once and remembered in the `__dict__`, which is there for everybody."""

    breaks = "P3"

    class Circle(reference.Circle):
        def __repr__(self) -> str:
            return f"Circle({self.radius!r})"


class EqualToItsBase(Whole):
    """isinstance instead of the same class: a subclass with equal sizes is equal."""

    breaks = "P4"

    class Rectangle(reference.Rectangle):
        __slots__ = ()

        def __eq__(self, other: object) -> bool:
            if not isinstance(other, reference.Rectangle):
                return NotImplemented
            return (self.width, self.height) == (other.width, other.height)

        def __hash__(self) -> int:
            return hash((self.width, self.height))

        def __repr__(self) -> str:
            return f"Rectangle({self.width!r}, {self.height!r})"


class NoToStrangers(Whole):
    """== says False to what it does not know, so that the other side is never asked."""

    breaks = "P4"

    class Circle(reference.Circle):
        __slots__ = ()

        def __eq__(self, other: object) -> bool:
            return type(other) is type(self) and self.radius == other.radius

        def __hash__(self) -> int:
            return hash(self.radius)

        def __repr__(self) -> str:
            return f"Circle({self.radius!r})"


class CannotBeRestored(Whole):
    """Frozen, with slots, and unpickled by setting attributes. As python/cpython issue 80605."""

    breaks = "P5"

    class Circle(reference.Circle):
        __slots__ = ()

        def __setstate__(self, state: Any) -> None:
            self.radius = state[0]

        def __repr__(self) -> str:
            return f"Circle({self.radius!r})"


class CopiesTheBase(Whole):
    """Names its class when it is copied: the copy of a subclass is a plain rectangle."""

    breaks = "P5"

    class Rectangle(reference.Rectangle):
        __slots__ = ()

        def __reduce__(self) -> Any:
            return CopiesTheBase.Rectangle, (self.width, self.height)

        def __repr__(self) -> str:
            return f"Rectangle({self.width!r}, {self.height!r})"


class Compensated(Whole):
    """Keeps one correction beside the running sum, as sum() does since Python 3.12: nearly exact."""

    breaks = "P6"

    @staticmethod
    def total_area(shapes: Iterable[Any]) -> float:
        total = rest = 0.0
        for _, area in reference._areas(shapes):
            new = total + area
            rest += (total - new) + area if total >= area else (area - new) + total
            total = new
        if total == math.inf:
            raise OverflowError
        return total + rest


class LastOfSeveral(Whole):
    """>= instead of >: of several that are largest, the last one."""

    breaks = "P7"

    @staticmethod
    def largest(shapes: Iterable[Any]) -> Any:
        best, most = None, -1.0
        for shape, area in reference._areas(shapes):
            if area >= most:
                best, most = shape, area
        if best is None:
            raise NoShapes
        return best


class NothingIsLargest(Whole):
    """Starts at 0: of shapes without extent none is the largest."""

    breaks = "P7"

    @staticmethod
    def largest(shapes: Iterable[Any]) -> Any:
        best, most = None, 0.0
        for shape, area in reference._areas(shapes):
            if area > most:
                best, most = shape, area
        if best is None:
            raise NoShapes
        return best


class KindsByName(Whole):
    """Two classes of one name are one kind."""

    breaks = "P8"

    @staticmethod
    def area_by_kind(shapes: Iterable[Any]) -> dict[type, float]:
        kinds: dict[str, type] = {}
        sums: dict[type, Fraction] = {}
        for shape, area in reference._areas(shapes):
            kind = kinds.setdefault(type(shape).__name__, type(shape))
            sums[kind] = sums.get(kind, Fraction()) + Fraction(area)
        return {kind: float(total) for kind, total in sums.items()}


class AsksTwice(Whole):
    """Looks whether there is an area, and then for it. As python/cpython issue 102433."""

    breaks = "P9"

    @staticmethod
    def total_area(shapes: Iterable[Any]) -> float:
        def asked() -> Iterator[Any]:
            for place, shape in enumerate(shapes):
                try:
                    there = hasattr(shape, "area")
                except Exception:
                    there = True
                if not there:
                    reference._area(shape, place)
                yield shape

        return total_area(asked())


class AsksWhetherItIsEmpty(Whole):
    """`if not shapes` before the loop: arrays, and all that have no truth, cannot be asked."""

    breaks = "P9"

    @staticmethod
    def largest(shapes: Iterable[Any]) -> Any:
        if not shapes:
            raise NoShapes
        return largest(shapes)


class GathersAreas(Whole):
    """Keeps all areas of a kind in a list, for fsum at the end."""

    breaks = "P9"

    @staticmethod
    def area_by_kind(shapes: Iterable[Any]) -> dict[type, float]:
        areas: dict[type, list[float]] = {}
        for shape, area in reference._areas(shapes):
            areas.setdefault(type(shape), []).append(area)
        return {kind: math.fsum(numbers) for kind, numbers in areas.items()}


class CallsMethods(Whole):
    """An area that can be called is called."""

    breaks = "P10"

    @staticmethod
    def largest(shapes: Iterable[Any]) -> Any:
        seen: list[Any] = []

        def called() -> Iterator[Any]:
            for shape in shapes:
                seen[:] = [*seen[:1], shape][-2:]
                method = type(shape).__dict__.get("area")
                yield _Called(shape) if callable(method) else shape

        best = largest(called())
        return best.shape if isinstance(best, _Called) else best


class _Called:
    def __init__(self, shape: Any) -> None:
        self.shape, self.area = shape, shape.area()


class HidesBugs(Whole):
    """Whatever AttributeError comes means that there is no area. As corrscope/corrscope PR 260."""

    breaks = "P11"

    @staticmethod
    def total_area(shapes: Iterable[Any]) -> float:
        place = -1

        def counted() -> Iterator[Any]:
            nonlocal place
            for shape in shapes:
                place += 1
                try:
                    yield _Once(shape.area)
                except AttributeError:
                    raise NotAShape(shape, place, "no area") from None

        return total_area(counted())


class _Once:
    def __init__(self, area: Any) -> None:
        self.area = area


class StopsInSilence(Whole):
    """A StopIteration from an area is taken for the end of the shapes."""

    breaks = "P11"

    @staticmethod
    def largest(shapes: Iterable[Any]) -> Any:
        rest, place = iter(shapes), -1
        best, most = None, -1.0
        while True:
            try:
                shape, place = next(rest), place + 1
                area = reference._area(shape, place)
            except StopIteration:
                break
            if area > most:
                best, most = shape, area
        if best is None:
            raise NoShapes
        return best


class OneTableForAll(Whole):
    """The table of kinds belongs to the class. As iotile/coretools PR 681."""

    breaks = "P12"

    class Catalogue(reference.Catalogue):
        table: ClassVar[dict[str, Kind]] = {"rectangle": (Rectangle, 2), "circle": (Circle, 1)}

        def __init__(self) -> None:
            super().__init__()
            self._kinds = self.table


class LocksWhileMaking(Whole):
    """The factory is called under the lock: it cannot use the catalogue."""

    breaks = "P12"

    class Catalogue(reference.Catalogue):
        def parse(self, text: str) -> Any:
            name, *numbers = text.split() or [""]
            known = self.kinds()
            if not name:
                raise BadText(text, "empty")
            with self._lock:
                if name not in self._kinds:
                    raise UnknownKind(name, known)
                make, sizes = self._kinds[name]
                if len(numbers) != sizes:
                    raise BadText(text, "sizes")
                return make(*[reference._number(text, number) for number in numbers])


class SameAgain(Whole):
    """To add a kind as it is already is no error."""

    breaks = "P13"

    class Catalogue(reference.Catalogue):
        def add(self, name: str, make: Callable[..., Any], sizes: int) -> None:
            try:
                super().add(name, make, sizes)
            except KindTaken:
                if self._kinds[name] != (make, sizes):
                    raise


class LooksThenAdds(Whole):
    """Looks whether the name is free, and adds it later. As Fiestaboard/FiestaBoard issue 1828, without a lock."""

    breaks = "P14"

    class Catalogue(reference.Catalogue):
        def add(self, name: str, make: Callable[..., Any], sizes: int) -> None:
            reference._check_kind(name, make, sizes)
            if name in self._kinds:
                raise KindTaken(name)
            self._kinds[name] = (make, sizes)


class HalfExchanged(Whole):
    """Factories and numbers of sizes are in two tables, each with its lock held for a moment."""

    breaks = "P14"

    class Catalogue(reference.Catalogue):
        def __init__(self) -> None:
            super().__init__()
            self._sizes = {name: sizes for name, (_, sizes) in self._kinds.items()}

        def add(self, name: str, make: Callable[..., Any], sizes: int) -> None:
            super().add(name, make, sizes)
            self._sizes[name] = sizes

        def exchange(self, name: str, make: Callable[..., Any], sizes: int) -> None:
            super().exchange(name, make, sizes)
            self._sizes[name] = sizes

        def parse(self, text: str) -> Any:
            name, *numbers = text.split() or [""]
            with self._lock:
                make = self._kinds.get(name, (None, 0))[0]
            if make is None:
                return super().parse(text)
            if len(numbers) != self._sizes.get(name):
                raise BadText(text, "sizes")
            return make(*[reference._number(text, number) for number in numbers])
