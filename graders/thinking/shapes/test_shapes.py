"""Rectangles and circles as values: what they are, what they refuse, and that they stay what they are."""

import copy
import io
import math
import pickle
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from functools import partial
from types import FunctionType
from typing import Any
from unittest.mock import ANY

from contracts.thinking.shapes import BadSize
from graders.kit import Implementation, check, ensure, equal, raises
from graders.kit.shape import test_shape  # noqa: F401

PARTS = ("width", "height", "radius", "area", "perimeter")


def close(got: object, want: float, *, did: str) -> None:
    """It must be a float, and that one to a few units in the last place."""
    right = isinstance(got, float) and abs(got - want) <= 4 * math.ulp(want)
    ensure(right, did=did, want=f"a float, about {want!r}", got=got)


def refuses(job: Callable[[], object], *, did: str) -> None:
    """It must raise an AttributeError or a TypeError."""
    try:
        job()
    except (AttributeError, TypeError):
        return
    ensure(False, did=did, want="raises AttributeError or TypeError", got="it went through")


@check("P1", kind="behaviour")
def test_areas_and_perimeters(impl: Implementation) -> None:
    """Rectangles and circles from very small to very large."""
    for width, height in ((2.0, 3.5), (0.1, 0.1), (1e-300, 1e300), (1e150, 3.0), (7e-160, 1e5)):
        made = f"Rectangle({width}, {height})"
        shape = impl.Rectangle(width, height)
        equal([shape.width, shape.height], [width, height], did=f"{made}: width and height")
        close(shape.area, width * height, did=f"{made}.area")
        close(shape.perimeter, 2 * (width + height), did=f"{made}.perimeter")
    for radius in (1.0, 0.3, 1e-150, 5e150, 12_345.678):
        shape = impl.Circle(radius)
        equal(shape.radius, radius, did=f"Circle({radius}).radius")
        close(shape.area, math.pi * radius * radius, did=f"Circle({radius}).area")
        close(shape.perimeter, 2 * math.pi * radius, did=f"Circle({radius}).perimeter")


@check("P1", kind="contract")
def test_sizes_become_floats(impl: Implementation) -> None:
    """Sizes that are ints, by position and by name; of kinds of their own; larger than 2**53."""

    class Metres(float):
        """A float of a kind of its own."""

    class Count(int):
        """An int of a kind of its own."""

    shape = impl.Rectangle(2, height=3)
    got = [shape.width, shape.height, shape.area, shape.perimeter]
    equal(got, [2.0, 3.0, 6.0, 10.0], did="Rectangle(2, height=3): width, height, area, perimeter")
    equal(impl.Circle(radius=2).radius, 2.0, did="Circle(radius=2).radius")
    equal(impl.Rectangle(width=2**60, height=1).area, 2.0**60, did="Rectangle(2**60, 1).area")
    close(impl.Rectangle(Metres(2.5), Count(2)).area, 5.0, did="Rectangle of subclasses: area")
    equal(type(impl.Circle(Count(2)).radius), float, did="type of Circle(an int subclass).radius")


@check("P2", kind="contract")
def test_sizes_that_are_no_numbers(impl: Implementation) -> None:
    """Sizes of other types, bool among them, in each place."""
    bad = (None, "1", "2.5", b"1", True, False, Decimal(1), Fraction(1, 2), 1j, [1.0], (1, 2), int)
    for value in bad:
        jobs: list[tuple[str, str, Callable[[], Any]]] = [
            ("width", f"Rectangle({value!r}, 2)", lambda v=value: impl.Rectangle(v, 2)),
            ("height", f"Rectangle(2, {value!r})", lambda v=value: impl.Rectangle(2, v)),
            ("radius", f"Circle({value!r})", lambda v=value: impl.Circle(v)),
        ]
        for name, did, job in jobs:
            text = str(raises(TypeError, job, did=did))
            ensure(
                name in text, did=f"{did}: the text of the error", want=f"names {name}", got=text
            )


@check("P2", kind="contract")
def test_sizes_that_cannot_be(impl: Implementation) -> None:
    """Zero, negative, infinite, not a number, beyond all floats; in each place."""
    bad = (
        0,
        0.0,
        -0.0,
        -1,
        -2.5,
        -5e-324,
        math.inf,
        -math.inf,
        math.nan,
        10**400,
        -(10**400),
        10**9_000,
    )
    for value in bad:
        long = isinstance(value, int) and abs(value) > 10**300
        shown = "a very long int" if long else value
        jobs: list[tuple[str, str, Callable[[], Any]]] = [
            ("width", f"Rectangle({shown}, 2)", lambda v=value: impl.Rectangle(v, 2)),
            ("height", f"Rectangle(2, {shown})", lambda v=value: impl.Rectangle(2, v)),
            ("radius", f"Circle({shown})", lambda v=value: impl.Circle(v)),
        ]
        for name, did, job in jobs:
            error = raises(BadSize, job, did=did)
            equal(error.name, name, did=f"{did}: name of the BadSize")
            if shown is value:
                held = error.value == value or (value != value and error.value != error.value)  # noqa: PLR0124
                ensure(held is True, did=f"{did}: its value", want=repr(value), got=error.value)
    error = raises(BadSize, lambda: impl.Rectangle(-1, -2), did="Rectangle(-1, -2)")
    equal(error.name, "width", did="Rectangle(-1, -2): name of the BadSize")


@check("P2", kind="contract")
def test_sizes_whose_area_cannot_be(impl: Implementation) -> None:
    """Sizes that are fine, one by one, but whose area or perimeter is infinite or nothing."""
    jobs: list[tuple[str, set[str], Callable[[], Any]]] = [
        ("Rectangle(1e200, 1e200)", {"area"}, lambda: impl.Rectangle(1e200, 1e200)),
        ("Rectangle(1e-200, 1e-200)", {"area"}, lambda: impl.Rectangle(1e-200, 1e-200)),
        ("Rectangle(1.7e308, 1e-9)", {"perimeter"}, lambda: impl.Rectangle(1.7e308, 1e-9)),
        ("Rectangle(1e308, 1e308)", {"area", "perimeter"}, lambda: impl.Rectangle(1e308, 1e308)),
        ("Circle(1e160)", {"area"}, lambda: impl.Circle(1e160)),
        ("Circle(1e-170)", {"area"}, lambda: impl.Circle(1e-170)),
        ("Circle(1e308)", {"area", "perimeter"}, lambda: impl.Circle(1e308)),
    ]
    for did, names, job in jobs:
        error = raises(BadSize, job, did=did)
        ensure(error.name in names, did=f"{did}: name", want=f"one of {names}", got=error.name)
        impossible = not 0 < error.value < math.inf
        ensure(impossible, did=f"{did}: value", want="what cannot be", got=error.value)


@check("P3", kind="contract")
def test_nothing_can_be_set_or_deleted(impl: Implementation) -> None:
    """Setting and deleting every attribute that a shape has, and one that it has not."""
    for shape in (impl.Rectangle(2, 3), impl.Circle(2)):
        before = [getattr(shape, part, None) for part in PARTS]
        names = [name for name in dir(shape) if not name.startswith("__")]
        for name in [*names, "colour", "__class__"]:
            did = f"{shape!r}: setting {name}"
            refuses(lambda s=shape, n=name: setattr(s, n, 7.0), did=did)
        for name in [*names, "colour"]:
            did = f"{shape!r}: deleting {name}"
            refuses(lambda s=shape, n=name: delattr(s, n), did=did)
        after = [getattr(shape, part, None) for part in PARTS]
        equal(after, before, did="its attributes after all that")


@check("P3", kind="contract")
def test_there_is_no_dict(impl: Implementation) -> None:
    """A shape is asked for its `__dict__`, before and after its area was asked for."""
    for shape in (impl.Rectangle(2, 3), impl.Circle(2)):
        for _ in range(2):
            equal(hasattr(shape, "__dict__"), False, did=f"{shape!r} has a __dict__")
            ensure(
                shape.area > 0 and shape.perimeter > 0 and hash(shape) == hash(shape), did="area"
            )


@check("P4", kind="behaviour")
def test_equal_shapes(impl: Implementation) -> None:
    """Shapes of equal sizes, ints and floats, as members of sets and keys of dicts."""
    pairs = (
        (impl.Rectangle(2, 3), impl.Rectangle(2.0, 3.0)),
        (impl.Rectangle(0.1, 7), impl.Rectangle(1 / 10, 7)),
        (impl.Circle(2), impl.Circle(2.0)),
    )
    for one, two in pairs:
        did = f"{one!r} and the same made anew"
        equal([one == two, two == one, one != two], [True, True, False], did=f"{did}: ==, ==, !=")
        equal(hash(one), hash(two), did=f"{did}: hash")
        equal(len({one, two}), 1, did=f"{did}: members of a set of both")
        equal({one: "here"}.get(two), "here", did=f"{did}: found in a dict")


@check("P4", kind="behaviour")
def test_different_shapes(impl: Implementation) -> None:
    """Other sizes, other kinds, sizes in the other order, tuples and numbers."""
    shapes = [
        impl.Rectangle(2, 3),
        impl.Rectangle(3, 2),
        impl.Rectangle(2, 2),
        impl.Rectangle(1, 6),
        impl.Circle(2),
        impl.Circle(math.nextafter(2, 3)),
    ]
    others = [(2.0, 3.0), (2.0,), 2.0, 6.0, None, "Rectangle(2.0, 3.0)", object()]
    for place, one in enumerate(shapes):
        for two in [*shapes[:place], *shapes[place + 1 :], *others]:
            did = f"{one!r} and {two!r}"
            equal(
                [one == two, two == one, one != two], [False, False, True], did=f"{did}: ==, ==, !="
            )
    equal(len(set(shapes)), len(shapes), did="members of a set of six different shapes")


@check("P4", kind="behaviour")
def test_a_subclass_is_another_kind(impl: Implementation) -> None:
    """A Tile is a rectangle by inheritance, and has the same sizes."""

    class Tile(impl.Rectangle):  # type: ignore[name-defined,misc]
        """A rectangle on a wall."""

    class Disc(impl.Circle):  # type: ignore[name-defined,misc]
        """A circle that flies."""

    for one, two in ((Tile(2, 3), impl.Rectangle(2, 3)), (Disc(2), impl.Circle(2))):
        equal([one == two, two == one], [False, False], did="a subclass and its base, equal sizes")
        equal(len({one, two}), 2, did="members of a set of both")
    equal(Tile(2, 3) == Tile(2.0, 3.0), True, did="Tile(2, 3) == Tile(2.0, 3.0)")
    equal(hash(Tile(2, 3)), hash(Tile(2.0, 3.0)), did="their hash")
    equal(Tile(2, 3) == Tile(2, 4), False, did="Tile(2, 3) == Tile(2, 4)")
    raises(BadSize, lambda: Tile(2, 0), did="Tile(2, 0)")


@check("P4", kind="behaviour")
def test_the_other_side_is_asked(impl: Implementation) -> None:
    """An object that says that it equals everything, on both sides; and the answer of __eq__ itself."""

    class Friend:
        """Equal to all."""

        __hash__ = None  # type: ignore[assignment]

        def __eq__(self, other: object) -> bool:
            return True

    for shape in (impl.Rectangle(2, 3), impl.Circle(2)):
        for other in (Friend(), ANY):
            got = [shape == other, other == shape]
            equal(got, [True, True], did=f"{shape!r} and one that equals everything: ==, both ways")
        for other in (5, None, (2.0, 3.0), object()):
            got = type(shape).__eq__(shape, other)
            ensure(got is NotImplemented, did=f"__eq__({shape!r}, {other!r})", got=got)


@check("P4", kind="contract")
def test_there_is_no_order(impl: Implementation) -> None:
    """Two shapes are compared with <, <=, > and >=, and sorted."""
    for one, two in (
        (impl.Rectangle(1, 2), impl.Rectangle(2, 3)),
        (impl.Circle(1), impl.Circle(2)),
    ):
        jobs: dict[str, Callable[[], Any]] = {
            "<": lambda a=one, b=two: a < b,
            "<=": lambda a=one, b=two: a <= b,
            ">": lambda a=one, b=two: a > b,
            ">=": lambda a=one, b=two: a >= b,
            "sorted": lambda a=one, b=two: sorted([b, a]),
        }
        for name, job in jobs.items():
            raises(TypeError, job, did=f"{name} of {one!r} and {two!r}")


def pickled(shape: object, protocol: int) -> Any:
    """There and back. What its module defines is found by number: the graded module has no lasting name."""
    own: dict[str, object] = {}

    class Writer(pickle.Pickler):
        def persistent_id(self, part: Any) -> str | None:
            if not isinstance(part, type | FunctionType) or part.__module__ != module:
                return None
            own[str(id(part))] = part
            return str(id(part))

    class Reader(pickle.Unpickler):
        def persistent_load(self, number: Any) -> object:
            return own[number]

    module, stream = type(shape).__module__, io.BytesIO()
    Writer(stream, protocol).dump(shape)
    stream.seek(0)
    return Reader(stream).load()


@check("P5", kind="behaviour")
def test_copies_and_pickles(impl: Implementation) -> None:
    """copy, deepcopy and pickle with every protocol; what comes back is still a value."""
    for shape in (impl.Rectangle(0.1, 3), impl.Circle(1e-3)):
        ways: dict[str, Callable[[Any], Any]] = {
            "copy.copy": copy.copy,
            "copy.deepcopy": lambda s: copy.deepcopy([s, s])[1],
        }
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
            ways[f"pickle, protocol {protocol}"] = partial(pickled, protocol=protocol)
        for name, way in ways.items():
            other = way(shape)
            did = f"{name} of {shape!r}"
            ensure(type(other) is type(shape), did=f"{did}: its class", got=type(other))
            equal(
                [other == shape, hash(other) == hash(shape)], [True, True], did=f"{did}: ==, hash"
            )
            equal([other.area, other.perimeter], [shape.area, shape.perimeter], did=f"{did}: area")
            refuses(lambda o=other: setattr(o, "colour", 1), did=f"{did}: setting")


@check("P5", kind="behaviour")
def test_copies_of_a_subclass(impl: Implementation) -> None:
    """A Tile is a rectangle by inheritance, a Disc a circle; both are copied."""

    class Tile(impl.Rectangle):  # type: ignore[name-defined,misc]
        """A rectangle on a wall."""

    class Disc(impl.Circle):  # type: ignore[name-defined,misc]
        """A circle that flies."""

    for shape in (Tile(2, 3), Disc(0.1)):
        for way in (copy.copy, copy.deepcopy):
            other = way(shape)
            did = f"copy.{way.__name__} of a {type(shape).__name__}"
            ensure(type(other) is type(shape), did=f"{did}: its class", got=type(other))
            equal(other == shape, True, did=f"{did} == the original")


@check("P5", kind="behaviour")
def test_repr_makes_an_equal_one(impl: Implementation) -> None:
    """The repr of shapes with sizes that are awkward to print, evaluated."""
    names = {"Rectangle": impl.Rectangle, "Circle": impl.Circle}
    for size in (2, 0.1, 1 / 3, 1e22, 1e-7, 123_456_789.123_456_78, math.nextafter(1, 2)):
        for shape in (impl.Rectangle(size, 1 / size), impl.Circle(size)):
            text = repr(shape)
            equal(eval(text, dict(names)) == shape, True, did=f"{text} evaluated equals the shape")  # noqa: S307
