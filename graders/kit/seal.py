"""Notices that graded code has changed the judges or the language's own functions.

Covers tricks that anybody might try (`sys.modules[...]`, `builtins`); who reads this file can get around it.
"""

import builtins
import sys
from collections.abc import Iterator
from types import FunctionType, ModuleType
from typing import Any

Seal = dict[str, tuple[int, ...]]


def seal() -> Seal:
    """Where every function and class of the judges and every builtin stands now."""
    return {name: mark for module in _judges() for name, mark in _marks(module)}


def broken(before: Seal) -> str:
    """The first name that is not what it was; '' if all are."""
    now = seal()
    return next((name for name, mark in before.items() if now.get(name) != mark), "")


def _judges() -> list[ModuleType]:
    graders = [m for m in list(sys.modules.values()) if "/graders/" in (getattr(m, "__file__", "") or "")]
    return [builtins, *graders]


def _marks(module: ModuleType) -> Iterator[tuple[str, tuple[int, ...]]]:
    for name, value in list(vars(module).items()):
        if isinstance(value, FunctionType):
            yield f"{module.__name__}.{name}", (id(value), id(value.__code__), id(value.__defaults__))
        elif isinstance(value, type):
            own = _methods(value) if value.__module__ == module.__name__ else ()
            yield f"{module.__name__}.{name}", (id(value), *own)
        elif module is builtins and callable(value):
            yield f"builtins.{name}", (id(value),)


def _methods(kind: Any) -> Iterator[int]:
    for value in list(vars(kind).values()):
        if isinstance(value, FunctionType):
            yield id(value)
            yield id(value.__code__)
