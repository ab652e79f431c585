"""Whose request a thread is working for."""

import functools
from collections.abc import Callable
from contextvars import ContextVar, Token
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

_current: ContextVar[str | None] = ContextVar("request_id", default=None)


def request_id() -> str | None:
    """Return the id of the request that this thread is working for, or None."""
    return _current.get()


class WorkingFor:
    """`with WorkingFor(id):` the thread works for that request; afterwards for whom it did before.

    Enter and leave in the same thread.
    """

    __slots__ = ("_id", "_token")

    def __init__(self, request_id: str | None) -> None:
        self._id = request_id
        self._token: Token[str | None] | None = None

    def __enter__(self) -> None:
        self._token = _current.set(self._id)

    def __exit__(self, *_: object) -> None:
        assert self._token is not None
        _current.reset(self._token)


def carried(function: Callable[P, T]) -> Callable[P, T]:
    """Return `function`, made to run for the request of the caller of `carried`."""
    mine = request_id()

    @functools.wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        with WorkingFor(mine):
            return function(*args, **kwargs)

    return run
