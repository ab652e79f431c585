"""Sums, the largest and sums by kind, over anything that has an area."""

import enum
import itertools
import math
import random
import tracemalloc
import weakref
from collections.abc import Callable, Iterator
from fractions import Fraction
from types import SimpleNamespace
from typing import Any, NamedTuple

from contracts.thinking.shapes import NoShapes
from graders.kit import Implementation, check, ensure, equal, raises


class Plot:
    """A shape of the grader's; it can be referred to weakly, and counts how often it is asked."""

    def __init__(self, area: float) -> None:
        self.size, self.asked = area, 0

    @property
    def area(self) -> float:
        """Count, and answer."""
        self.asked += 1
        return self.size

    def __repr__(self) -> str:
        return f"Plot({self.size!r})"


class Field(Plot):
    """Another kind."""


class Lake(NamedTuple):
    """A shape that is a tuple."""

    area: float


class Room(enum.Enum):
    """Shapes that are members of an enumeration."""

    HALL = 30
    BATH = 6.5

    @property
    def area(self) -> float:
        """The value."""
        return self.value


class Square:
    """A shape whose area comes out of __getattr__, with slots, and that is neither true nor hashable nor comparable."""

    __slots__ = ("side",)
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, side: float) -> None:
        self.side = side

    def __getattr__(self, name: str) -> float:
        if name == "area":
            return self.side**2
        raise AttributeError(name)

    def __bool__(self) -> bool:
        raise ValueError("neither true nor false")

    def __eq__(self, other: object) -> bool:
        raise ValueError("not comparable")

    def __len__(self) -> int:
        return 0


class Country:
    """A class that is a shape itself."""

    area = 10_000


def plots(*areas: float) -> list[Plot]:
    """A plot for each area."""
    return [Plot(area) for area in areas]


def exact(areas: list[float]) -> float:
    """The float nearest to the true sum."""
    return float(sum(map(Fraction, areas), Fraction()))


@check("P6", "P9", kind="behaviour")
def test_the_total_of_all_kinds(impl: Implementation) -> None:
    """Rectangles, circles and seven kinds that the grader has made up."""
    shapes = [
        impl.Rectangle(2, 3),
        impl.Circle(1),
        Plot(0.5),
        Lake(2),
        Room.HALL,
        Room.BATH,
        Square(1.5),
        SimpleNamespace(area=4),
        Country,
        Country(),
    ]
    want = exact([6.0, impl.Circle(1).area, 0.5, 2, 30, 6.5, 2.25, 4, 10_000, 10_000])
    equal(impl.total_area(shapes), want, did="total_area of ten shapes of nine kinds")
    equal(impl.total_area([]), 0.0, did="total_area([])")
    equal(impl.total_area([Plot(3)]), 3.0, did="total_area of one shape with the area 3")
    equal(impl.total_area(plots(0, 0.0)), 0.0, did="total_area of two shapes without extent")


@check("P6", kind="behaviour")
def test_sums_are_exact(impl: Implementation) -> None:
    """Ten times 0.1; much that is tiny beside something large; sums that lie between two floats."""
    large, tiny = 2.0**53, 2.0**-60
    for areas in (
        [0.1] * 10,
        [large, 1.0, tiny],
        [large, 1.0, 1.0, 1.0],
        [1e300, 1.0, 1e-300],
        [large] + [1e-3] * 3_000,
        [1e16, 0.3, 0.3, 0.4, 1e16],
        [8.9e307, 8.9e307, 1.0],
        [5e-324, 5e-324],
    ):
        for order in (areas, areas[::-1], sorted(areas)):
            got = impl.total_area(plots(*order))
            did = f"total_area of shapes with the areas {order[:4]}{' …' if len(order) > 4 else ''}"
            equal(got, exact(areas), did=did)


@check("P6", "P8", kind="behaviour")
def test_generated_sums(impl: Implementation) -> None:
    """Areas of all sizes, from seeds 0 to 39, shuffled: the total and the sums of two kinds."""
    for seed in range(40):
        luck = random.Random(seed)
        many = luck.choice([2, 3, 10, 50])
        shapes = [
            luck.choice([Plot, Field])(math.ldexp(luck.random(), luck.randint(-70, 70)))
            for _ in range(many)
        ]
        did = f"seed {seed}: {many} shapes, among them {shapes[:3]}"
        equal(impl.total_area(shapes), exact([s.size for s in shapes]), did=f"{did}: total_area")
        sums = {
            kind: exact([s.size for s in shapes if type(s) is kind]) for kind in map(type, shapes)
        }
        equal(impl.area_by_kind(shapes), sums, did=f"{did}: area_by_kind")
        greatest = max(shapes, key=lambda s: s.size)
        ensure(impl.largest(shapes) is greatest, did=f"{did}: largest", want=f"{greatest}")


@check("P6", "P8", kind="behaviour")
def test_a_sum_beyond_all_floats(impl: Implementation) -> None:
    """Two areas of 1e308, and then 1."""
    shapes = plots(1e308, 1e308, 1.0)
    raises(OverflowError, lambda: impl.total_area(shapes), did="total_area: 1e308 + 1e308 + 1")
    raises(OverflowError, lambda: impl.area_by_kind(shapes), did="area_by_kind: the same")
    ensure(impl.largest(shapes) is shapes[0], did="largest of the same")


@check("P7", kind="behaviour")
def test_the_largest(impl: Implementation) -> None:
    """The greatest area first, last and between; ints beside floats; zero only."""
    for areas, place in (
        ((1.0, 3.0, 2.0), 1),
        ((3, 2.5, 1.0), 0),
        ((1, 2, 3.5), 2),
        ((0,), 0),
        ((0.0, 0), 0),
        ((5e-324, 0.0), 0),
        ((2**53, 2**53 + 1), 0),
    ):
        shapes = plots(*areas)
        got = impl.largest(shapes)
        ensure(got is shapes[place], did=f"largest of {shapes}", want=f"number {place}", got=got)


@check("P7", kind="behaviour")
def test_the_first_of_several(impl: Implementation) -> None:
    """Shapes of one area that cannot be compared, hashed or taken for true; equal circles."""
    shapes: list[Any] = [Square(1), Square(2), SimpleNamespace(area=4), Square(2.0), Lake(4)]
    got = impl.largest(iter(shapes))
    ensure(
        got is shapes[1], did="largest of shapes with the areas 1, 4, 4, 4, 4", want="the first 4"
    )
    circles = [impl.Circle(2), impl.Circle(2), impl.Rectangle(1, 1)]
    ensure(
        impl.largest(circles) is circles[0], did="largest of two equal circles", want="the first"
    )


@check("P7", kind="contract")
def test_the_largest_of_none(impl: Implementation) -> None:
    """No shapes, in a list, a generator and a dict."""
    for nothing in ([], iter(()), (shape for shape in ()), {}):
        raises(
            NoShapes,
            lambda n=nothing: impl.largest(n),
            did=f"largest of an empty {type(nothing).__name__}",
        )


@check("P8", kind="behaviour")
def test_sums_by_kind(impl: Implementation) -> None:
    """Eight shapes of six kinds: two have the same name, one is a subclass, one lies about its class."""

    class Liar:
        """Says that it is a Plot."""

        area = 7

        @property
        def __class__(self) -> type:  # type: ignore[override]
            return Plot

    twin = type("Plot", (Plot,), {"__module__": __name__, "__qualname__": "Plot"})
    shapes = [Field(1), Plot(2), impl.Circle(1), Field(0.5), Liar(), Plot(0.25), Room.HALL, twin(5)]
    got = impl.area_by_kind(shapes)
    circles = {type(shapes[2]): shapes[2].area}
    want = {Field: 1.5, Plot: 2.25, **circles, Liar: 7.0, Room: 30.0, twin: 5.0}
    equal(list(got.items()), list(want.items()), did="area_by_kind of eight shapes of six kinds")
    equal(impl.area_by_kind(iter([])), {}, did="area_by_kind of none")


@check("P9", kind="behaviour")
def test_everything_is_looked_at_once(impl: Implementation) -> None:
    """An iterable that counts how often it is walked, of shapes that count how often they are asked."""

    class Walk:
        """Counts."""

        def __init__(self) -> None:
            self.shapes, self.walks = plots(1, 5, 5, 2), 0

        def __iter__(self) -> Iterator[Plot]:
            self.walks += 1
            return iter(self.shapes)

    for name in ("total_area", "largest", "area_by_kind"):
        walk = Walk()
        getattr(impl, name)(walk)
        equal(walk.walks, 1, did=f"{name}: walks over the shapes")
        equal([s.asked for s in walk.shapes], [1] * 4, did=f"{name}: how often each was asked")


@check("P9", kind="behaviour")
def test_whatever_can_be_iterated(impl: Implementation) -> None:
    """A generator, a set, the keys of a dict, what has only __getitem__, what is neither true nor false."""

    class Row:
        """The old way to be iterable."""

        def __getitem__(self, place: int) -> Plot:
            return plots(1, 2, 3)[place]

    class Column(Row):
        """As an array of numpy: true or false is not for all of it."""

        def __bool__(self) -> bool:
            raise ValueError("neither true nor false")

    shapes = plots(1, 2, 3)
    sources: dict[str, Callable[[], Any]] = {
        "a generator": lambda: (shape for shape in shapes),
        "a set": lambda: set(shapes),
        "a dict": lambda: dict.fromkeys(shapes),
        "__getitem__": Row,
        "one that is neither true nor false": Column,
        "an iterator": lambda: itertools.chain(shapes[:1], shapes[1:]),
    }
    for name, source in sources.items():
        equal(impl.total_area(source()), 6.0, did=f"total_area of {name}")
        equal(impl.largest(source()).size, 3, did=f"area of the largest of {name}")
        equal(impl.area_by_kind(source()), {Plot: 6.0}, did=f"area_by_kind of {name}")
    for name in ("total_area", "largest", "area_by_kind"):
        raises(TypeError, lambda n=name: getattr(impl, n)(5), did=f"{name}(5)")


@check("P9", kind="throughput")
def test_no_shape_is_kept(impl: Implementation) -> None:
    """A thousand shapes come out of a generator, which looks how many of them are still there."""
    for name in ("total_area", "largest", "area_by_kind"):
        refs: list[weakref.ref[Plot]] = []
        alive: list[int] = []

        def source(refs: Any = refs, alive: Any = alive) -> Iterator[Plot]:
            for number in range(1_000):
                plot = (Plot, Field)[number % 2](float(number))
                refs.append(weakref.ref(plot))
                yield plot
                del plot
                if number % 50 == 49:
                    alive.append(sum(ref() is not None for ref in refs))

        getattr(impl, name)(source())
        ensure(len(alive) == 20 and max(alive) <= 3, did=f"{name} of 1,000 shapes: alive at a time",
               want="3 at most", got=alive)  # fmt: skip


@check("P9", "P8", kind="throughput")
def test_memory_does_not_grow(impl: Implementation) -> None:
    """4,000 shapes of two kinds from a generator; most bytes at a time, beside 100 shapes."""
    for name in ("total_area", "largest", "area_by_kind"):

        def peak(many: int, name: str = name) -> int:
            source = ((Plot, Field)[n % 2](1.0 + n / 7) for n in range(many))
            tracemalloc.start()
            try:
                getattr(impl, name)(source)
                return tracemalloc.get_traced_memory()[1]
            finally:
                tracemalloc.stop()

        peak(100)
        grown = peak(4_000) - peak(100)
        did = f"{name} of 4,000 shapes: bytes at a time, beyond those for 100"
        ensure(grown < 10_000, did=did, want="fewer than 10,000", got=grown)
