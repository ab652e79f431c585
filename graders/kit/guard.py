"""What the code that is graded may not import: the answers, and those who judge it.

Covers accidents and casual cheating. An attacker with the same rights and no sandbox is not stopped (see README).
"""

import builtins
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

JUDGES = frozenset({"graders", "pytest", "_pytest", "pluggy", "conftest"})
ANSWERS = frozenset({"solutions"})


class Forbidden(ImportError):
    """Learner code reached for the answers or the judges."""


def guarded_builtins(refused: frozenset[str] = JUDGES | ANSWERS) -> dict[str, Any]:
    """Builtins for a graded module, whose `import` refuses these top-level packages."""
    names = dict(vars(builtins))
    original = builtins.__import__

    def guarded_import(
        name: str,
        globals: Mapping[str, object] | None = None,  # noqa: A002 - the signature of __import__
        locals: Mapping[str, object] | None = None,  # noqa: A002 - the signature of __import__
        fromlist: Sequence[str] | None = (),
        level: int = 0,
    ) -> Any:
        if level == 0 and name.partition(".")[0] in refused:
            raise Forbidden(f"an implementation may not import {name!r}: it has to do the work itself")
        return original(name, globals, locals, fromlist or (), level)

    names["__import__"] = guarded_import
    return names


def close_the_book(*paths: Path) -> None:
    """From now on this process cannot open these files and folders. Cannot be undone; call it in a child."""
    closed = tuple(map(str, paths))

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open" and isinstance(arguments[0], str):
            path = arguments[0] if arguments[0].startswith("/") else str(Path(arguments[0]).resolve())
            if path.startswith(closed):
                raise Forbidden("an implementation may not read the answers: it has to do the work itself")

    sys.addaudithook(hook)
