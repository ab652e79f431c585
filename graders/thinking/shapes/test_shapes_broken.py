"""What is no shape, areas that cannot be, and shapes and iterables that raise."""

import math
from collections.abc import Callable, Iterator
from decimal import Decimal
from fractions import Fraction
from typing import Any

from contracts.thinking.shapes import BadArea, NotAShape
from graders.kit import Implementation, check, ensure, equal, raises

FUNCTIONS = ("total_area", "largest", "area_by_kind")


class Yard:
    """A shape, with whatever is given as its area."""

    def __init__(self, area: Any) -> None:
        self.area = area


class Method:
    """Has a method where the attribute should be."""

    def area(self) -> float:
        """Be called; nobody does."""
        return 1.0


class Other:
    """Has no area."""


class Raises:
    """Its area raises."""

    def __init__(self, error: BaseException) -> None:
        self.error = error

    @property
    def area(self) -> float:
        """Raise."""
        raise self.error


class Bug:
    """Has an area, with a bug in it: it asks for what is not there."""

    @property
    def area(self) -> float:
        """Ask for what is not there."""
        return self.with_a_typo  # type: ignore[attr-defined,no-any-return]


class Frame:
    """Has an area that is that of its picture, which has none."""

    picture = Other()

    @property
    def area(self) -> float:
        """Ask for an area that is not there."""
        return self.picture.area  # type: ignore[attr-defined,no-any-return]


def fails(
    impl: Implementation, bad: Any, error: type[Exception], what: str
) -> Iterator[tuple[str, Any]]:
    """Each function meets it at position 2 of an iterator that counts; the errors, which name its class."""
    for name in FUNCTIONS:
        read = 0

        def source() -> Iterator[Any]:
            nonlocal read
            for shape in (Yard(1), Yard(9), bad, Yard(2), Other()):
                read += 1
                yield shape

        did = f"{name} of two shapes and {what}"
        caught: Any = raises(error, lambda n=name, s=source: getattr(impl, n)(s()), did=did)
        ensure(caught.shape is bad, did=f"{did}: shape of the error", want="that very object")
        equal(caught.position, 2, did=f"{did}: position of the error")
        kind = type(bad).__name__
        ensure(kind in str(caught), did=f"{did}: its text", want=f"names {kind}", got=str(caught))
        equal(read, 3, did=f"{did}: read from the iterable")
        yield did, caught


@check("P10", kind="contract")
def test_what_has_no_area(impl: Implementation) -> None:
    """None, numbers, text, and an object of a class without an area."""
    for bad in (None, 5, "circle", Other(), [Yard(1)], Yard):
        for _ in fails(impl, bad, NotAShape, f"{type(bad).__name__}"):
            pass


@check("P10", kind="contract")
def test_areas_that_are_no_numbers(impl: Implementation) -> None:
    """Areas of other types, a bool and a method among them."""
    for area in (None, "3", True, False, Decimal(3), Fraction(3), 3j, [3.0], lambda: 3.0):
        for _ in fails(impl, Yard(area), NotAShape, f"one with the area {area!r}"):
            pass
    for _ in fails(impl, Method(), NotAShape, "one with a method area()"):
        pass


@check("P10", kind="contract")
def test_areas_that_are_refused(impl: Implementation) -> None:
    """Negative, infinite, not a number, beyond all floats."""
    for area in (-1, -1.0, -5e-324, math.inf, -math.inf, math.nan, 10**400, -(10**400), 10**9_000):
        shown = (
            repr(area) if not isinstance(area, int) or abs(area) < 10 else "±10**400 or 10**9000"
        )
        for did, caught in fails(impl, Yard(area), BadArea, f"one with the area {shown}"):
            ensure(caught.area is area, did=f"{did}: area of the error", got=caught.area)


@check("P10", kind="contract")
def test_the_first_is_reported(impl: Implementation) -> None:
    """The very first is bad, and the only one; areas of kinds of their own are fine."""

    class Acres(float):
        """A float of a kind of its own."""

    class Count(int):
        """An int of a kind of its own."""

    for name in FUNCTIONS:
        function = getattr(impl, name)
        caught = raises(
            NotAShape, lambda f=function: f([Other(), Yard(-1)]), did=f"{name}([Other(), …])"
        )
        equal(caught.position, 0, did=f"{name}: position of the first")
        caught = raises(
            BadArea, lambda f=function: f([Yard(-1), Other()]), did=f"{name}([Yard(-1), …])"
        )
        equal(caught.position, 0, did=f"{name}: position of the first")
        function([Yard(Acres(2.5)), Yard(Count(2))])
    equal(impl.total_area([Yard(Acres(2.5)), Yard(Count(2))]), 4.5, did="total_area of 2.5 and 2")


@check("P11", kind="behaviour")
def test_what_an_area_raises(impl: Implementation) -> None:
    """Areas that raise all kinds of errors, KeyboardInterrupt and this topic's own among them."""
    errors: list[BaseException] = [
        ZeroDivisionError("mine"),
        ValueError("mine"),
        TypeError("mine"),
        AttributeError("mine"),
        OverflowError("mine"),
        KeyboardInterrupt(),
        NotAShape(None, 7, "mine"),
    ]
    for name in FUNCTIONS:
        for error in errors:
            did = f"{name} of a shape whose area raises {type(error).__name__}"
            _passes(lambda n=name, e=error: getattr(impl, n)([Yard(1), Raises(e)]), error, did)


def _passes(job: Callable[[], object], error: BaseException, did: str) -> None:
    try:
        job()
    except BaseException as caught:
        ensure(caught is error, did=did, want="that very exception", got=caught)
    else:
        ensure(False, did=did, want="that very exception", got="no exception")


@check("P11", kind="behaviour")
def test_bugs_in_an_area_are_seen(impl: Implementation) -> None:
    """Properties that ask for an attribute which is not there, one of them for another's area."""
    for name in FUNCTIONS:
        for bad, missing in ((Bug(), "with_a_typo"), (Frame(), "area")):
            did = f"{name} of a shape whose property asks for what is not there"
            caught = raises(AttributeError, lambda n=name, b=bad: getattr(impl, n)([b]), did=did)
            equal(caught.name, missing, did=f"{did}: name of the AttributeError")


@check("P11", kind="behaviour")
def test_a_stop_iteration_is_no_end(impl: Implementation) -> None:
    """The area of the second of three shapes raises StopIteration, as next() does in a property."""
    for name in FUNCTIONS:
        did = f"{name} of shapes, the second raises StopIteration"
        shapes = [Yard(1), Raises(StopIteration()), Yard(5)]
        try:
            got = getattr(impl, name)(shapes)
        except StopIteration:
            continue
        except RuntimeError as error:
            if not isinstance(error.__cause__, StopIteration):
                raise
            continue
        ensure(False, did=did, want="StopIteration or RuntimeError", got=got)


@check("P11", kind="behaviour")
def test_what_an_iterable_raises(impl: Implementation) -> None:
    """An iterable that raises after two shapes, and one that raises at once."""
    for error in (
        ValueError("mine"),
        AttributeError("mine"),
        TypeError("mine"),
        KeyboardInterrupt(),
    ):

        def source(error: BaseException = error) -> Iterator[Yard]:
            yield from (Yard(1), Yard(2))
            raise error

        class Broken:
            """Cannot be iterated today."""

            def __iter__(self, error: BaseException = error) -> Iterator[Yard]:
                raise error

        for name in FUNCTIONS:
            function = getattr(impl, name)
            did = f"{name} of an iterable that raises {type(error).__name__}"
            _passes(lambda f=function, s=source: f(s()), error, did)
            _passes(lambda f=function, b=Broken: f(b()), error, f"{did} at once")
