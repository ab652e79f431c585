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
from collections.abc import Iterator
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import Any, Final

Seal = dict[str, tuple[int, ...]]
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

_library: Seal = {}


def seal() -> Seal:
    """Where every function and class of the judges, every builtin and every contract stands now."""
    return {name: mark for module in _judges() for name, mark in _marks(module)}


def seal_library() -> None:
    """The same for what the library offers to the graded code; call it right before that code is loaded."""
    _library.update(
        {name: mark for module in LIBRARY for name, mark in _marks(module)} if not _library else {}
    )


def broken(before: Seal) -> str:
    """The first name that is not what it was, or that hides a builtin from a judge; '' if there is none."""
    now = seal()
    now.update({name: mark for module in LIBRARY for name, mark in _marks(module)})
    modules = {name.rpartition(".")[0] for name in before}
    changed = (name for name, mark in {**before, **_library}.items() if now.get(name) != mark)
    hiding = (name for name in now.keys() - before.keys() if _hides(name, modules))
    return next(changed, "") or next(hiding, "")


def _hides(full: str, modules: set[str]) -> bool:
    module, _, name = full.rpartition(".")
    return name in BUILTINS and module in modules


def _judges() -> list[ModuleType]:
    graders = [
        m for m in list(sys.modules.values()) if "/graders/" in (getattr(m, "__file__", "") or "")
    ]
    contracts = [
        module for name, module in list(sys.modules.items()) if name.startswith("contracts.")
    ]
    machinery = [sys.modules[name] for name in MACHINERY if name in sys.modules]
    return [builtins, *graders, *contracts, *machinery]


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
