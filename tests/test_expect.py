"""Comparison is strict, linear, and asks no learner's object for its opinion."""

from collections import OrderedDict, deque
from dataclasses import dataclass
from typing import Any

import pytest

from graders.kit.expect import (
    CheckFailed,
    Inconclusive,
    caught,
    ensure,
    equal,
    raises,
    same,
    show,
    show_error,
)
from graders.kit.sim.failure import Abort


class YesInt(int):
    __hash__ = int.__hash__

    def __eq__(self, other: object) -> bool:
        return True

    def __ne__(self, other: object) -> bool:
        return False


class YesStr(str):
    __slots__ = ()
    __hash__ = str.__hash__

    def __eq__(self, other: object) -> bool:
        return True


@dataclass
class Point:
    x: Any
    y: Any = 0


@pytest.mark.parametrize(
    "value",
    [
        *(None, True, 0, 1.5, "a", b"a", (1, "a"), [1, [2]], {"a": [1]}, {1, 2}, frozenset({"a"})),
        *({1: 2, "1": 3}, deque([1, 2]), OrderedDict(a=1, b=2), Point(1, [2]), ValueError("x")),
        *({(1, 2): 3}, {None: 1, True: 2}, [], {}, set()),
    ],
    ids=repr,
)
def test_the_same_value_made_twice_is_equal(value: object) -> None:
    """A deep copy equals its original."""
    import copy  # noqa: PLC0415

    assert same(value, copy.deepcopy(value))


@pytest.mark.parametrize(
    ("want", "got"),
    [
        *((1, True), (1, 1.0), (0, YesInt(1)), (1, YesInt(1)), ("a", YesStr("a")), ([1], (1,))),
        *(([1], [YesInt(1)]), ((1,), (YesInt(1),)), ({1}, {YesInt(1)}), ({1}, {True})),
        *(({"a": 1}, {YesStr("a"): 1}), ({"a": 1}, {"a": YesInt(1)}), ({1: 2}, {True: 2})),
        *((deque([1]), deque([YesInt(1)])), (Point(1), Point(YesInt(1))), (Point(1), (1, 0))),
        *((OrderedDict(a=1, b=2), OrderedDict(b=2, a=1)), (ValueError(1), ValueError(True))),
        *((ValueError("x"), KeyError("x")), ({"a": 1}, {"a": 1, "b": 2}), ([1, 2], [2, 1])),
        *((1, None), ("", None), ({(1, 2): 3}, {(1, True): 3})),
    ],
    ids=repr,
)
def test_anything_else_is_not(want: object, got: object) -> None:
    """Other types, other order, other keys, and whatever says it is equal to everything."""
    assert not same(want, got)
    with pytest.raises(CheckFailed):
        equal(got, want, did="compared")


def test_big_mappings_cost_linear_time() -> None:
    """A hundred thousand keys, each looked up once."""
    many = {number: str(number) for number in range(100_000)}
    assert same(many, dict(reversed(many.items())))


def test_ensure_wants_true_itself() -> None:
    """1 is not True."""
    ensure(True, did="nothing")
    with pytest.raises(CheckFailed):
        ensure(1, did="nothing")  # type: ignore[arg-type]


def test_raises_answers_with_the_exception_or_fails() -> None:
    """Subclasses are right; other errors and no error are not; NotImplementedError goes its own way."""
    assert raises(LookupError, lambda: dict[int, int]()[1], did="looked up").args == (1,)
    for job in (lambda: None, lambda: int("x")):
        with pytest.raises(CheckFailed):
            raises(LookupError, job, did="looked up")

    def missing() -> None:
        raise NotImplementedError

    with pytest.raises(NotImplementedError):
        raises(LookupError, missing, did="looked up")


def raising(error: BaseException) -> Any:
    """A job that raises this."""

    def job() -> None:
        raise error

    return job


def test_whatever_is_raised_is_caught() -> None:
    """The very object; None if nothing is."""
    assert caught(lambda: 1) is None
    for error in (ValueError(), KeyboardInterrupt(), SystemExit(1), GeneratorExit()):
        assert caught(raising(error)) is error


@pytest.mark.parametrize(
    "error", [NotImplementedError(), CheckFailed("", "", ""), Inconclusive(), Abort()], ids=repr
)
def test_what_ends_the_check_is_not_caught(error: BaseException) -> None:
    """A stub is not attempted, a verdict stands, a schedule that is over stays over."""
    with pytest.raises(type(error)):
        caught(raising(error))


def test_texts_of_the_learner_do_no_harm() -> None:
    """A repr or str that raises, is enormous, or is no plain text."""

    class Bad(Exception):
        def __repr__(self) -> str:
            raise ValueError

        def __str__(self) -> str:
            return YesStr("x")

    assert show(Bad()) == "<Bad whose repr raises ValueError>"
    assert "YesStr" in show_error(Bad())
    assert len(show("x" * 10**6)) < 400
