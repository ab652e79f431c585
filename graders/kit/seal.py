"""Notices that graded code has changed the judges, the contracts, or the library's and the language's functions.

Covers tricks that anybody might try (`sys.modules[...]`, `builtins`, `threading.Lock = ...`); who reads this file
can get around it.
"""

import builtins
import dataclasses
import functools
import inspect
import queue
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import Any, Final

Marks = dict[str, tuple[int, ...]]
MACHINERY: Final = (
    "_pytest.fixtures",
    "_pytest.outcomes",
    "_pytest.python",
    "_pytest.runner",
    "pluggy._hooks",
)
LIBRARY: Final = (threading, time, queue, dataclasses, functools, inspect)
HOOKS: Final = frozenset({"threading.excepthook"})  # made to be replaced

BUILTINS: Final = frozenset(name for name in vars(builtins) if not name.startswith("__"))

_library: Marks = {}


@dataclass(frozen=True)
class Seal:
    """Where everything in these places stood."""

    places: tuple[str, ...]
    marks: Marks


def seal(*places: str) -> Seal:
    """Where every function and class of the judges, every builtin and the contract stand now.

    `places` are the parts of paths in which judges lie; by default all of them. A check runs in a process of its own
    and cannot reach what judges others: it need not be read again, and reading is what costs.
    """
    places = places or ("/graders/", "/contracts/")
    return Seal(places, _all_marks(_judges(places)))


def places_of(check: Path, topic: str) -> tuple[str, ...]:
    """What judges the checks of this file: the kit, the file, what it shares, and the contract."""
    beside = (f"/graders/{topic}/{name}" for name in (check.name, "given.py"))
    return ("/graders/kit/", *beside, f"/contracts/{topic}.py")


def seal_library() -> None:
    """The same for what the library offers to the graded code; call it right before that code is loaded."""
    if not _library:
        _library.update(_all_marks(LIBRARY))


def broken(before: Seal) -> str:
    """The first name that is not what it was, or that hides a builtin from a judge; '' if there is none."""
    then = before.marks
    now = _all_marks([*_judges(before.places), *LIBRARY])
    modules = {name.rpartition(".")[0] for name in then}
    changed = (name for name, mark in {**then, **_library}.items() if now.get(name) != mark)
    hiding = (name for name in now.keys() - then.keys() if _hides(name, modules))
    return next(changed, "") or next(hiding, "")


def _hides(full: str, modules: set[str]) -> bool:
    module, _, name = full.rpartition(".")
    return name in BUILTINS and module in modules


def _judges(places: tuple[str, ...]) -> list[ModuleType]:
    found = [module for module in list(sys.modules.values()) if _lies_in(places, module)]
    return [builtins, *found, *(sys.modules[name] for name in MACHINERY if name in sys.modules)]


def _lies_in(places: tuple[str, ...], module: ModuleType) -> bool:
    file = getattr(module, "__file__", "") or ""
    return any(place in file for place in places)


def _all_marks(modules: Iterable[ModuleType]) -> Marks:
    return {name: mark for module in modules for name, mark in _marks(module)}


def _marks(module: ModuleType) -> Iterator[tuple[str, tuple[int, ...]]]:
    for name, value in list(vars(module).items()):
        full = f"{module.__name__}.{name}"
        if isinstance(value, FunctionType):
            yield full, (id(value), id(value.__code__), id(value.__defaults__))
        elif isinstance(value, type):
            own = _methods(value) if value.__module__ == module.__name__ else ()
            yield full, (id(value), *own)
        elif isinstance(value, BuiltinFunctionType) and full not in HOOKS:
            yield full, (id(value),)
        elif name in {"IMPLEMENT", "PROMISES"}:
            yield full, (id(value), len(value))
        elif name in BUILTINS:
            yield full, (id(value),)


def _methods(kind: Any) -> Iterator[int]:
    for value in list(vars(kind).values()):
        if isinstance(value, FunctionType):
            yield id(value)
            yield id(value.__code__)
