"""What the code that is graded may not do: import the answers or the judges, read the answers, harm the house.

Covers accidents and casual cheating. An attacker with the same rights and no sandbox is not stopped (see README).
"""

import builtins
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from os.path import realpath
from pathlib import Path
from typing import Any, Final

import psutil

JUDGES = frozenset({"graders", "pytest", "_pytest", "pluggy", "conftest"})
ANSWERS = frozenset({"solutions"})
WRITES: Final = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
CHANGES: Final = frozenset(
    {
        "os.chmod",
        "os.link",
        "os.mkdir",
        "os.remove",
        "os.rename",
        "os.rmdir",
        "os.symlink",
        "os.truncate",
    }
    | {"shutil.copyfile", "shutil.copytree", "shutil.move", "shutil.rmtree"}
)
STARTS: Final = frozenset(
    {"os.exec", "os.posix_spawn", "os.spawn", "os.system", "subprocess.Popen"}
)
KILLS: Final = frozenset({"os.kill", "os.killpg"})
PROGRAMS: Final = frozenset({"git", "kill", "killall", "pkill"})


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
            raise Forbidden(
                f"an implementation may not import {name!r}: it has to do the work itself"
            )
        return original(name, globals, locals, fromlist or (), level)

    names["__import__"] = guarded_import
    return names


def close_the_book(*paths: Path, house: Path) -> None:
    """From now on this process cannot open `paths`, change `house`, or kill what is not its own.

    Cannot be undone; call it in a child.
    """
    sys.dont_write_bytecode = True  # modules of the house may still be imported
    sys.addaudithook(_watchman(tuple(realpath(path) for path in paths), realpath(house)))


def _watchman(closed: tuple[str, ...], house: str) -> Callable[[str, tuple[Any, ...]], None]:
    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            _refuse_opening(_real(arguments[0]), arguments[2], closed, house)
        elif event in CHANGES:
            if any(_within(_real(path), house) for path in arguments[:2]):
                raise Forbidden("an implementation may not touch the files of the repository")
        elif event in KILLS:
            _refuse_strangers(event, arguments[0])
        elif event in STARTS and _reaches(arguments, closed):
            raise Forbidden("an implementation may not start a program for that")

    return hook


def _refuse_opening(path: str | None, flags: int, closed: tuple[str, ...], house: str) -> None:
    if _within(path, *closed):
        raise Forbidden("an implementation may not read the answers: it has to do the work itself")
    if flags & WRITES and _within(path, house):
        raise Forbidden("an implementation may not write into the repository")


def _real(path: object) -> str | None:
    """The path that is really meant; None for a file descriptor."""
    if not isinstance(path, str | bytes | os.PathLike):
        return None
    try:
        return realpath(os.fsdecode(path))
    except (OSError, ValueError):
        return None


def _within(path: str | None, *places: str) -> bool:
    return path is not None and any(
        path == place or path.startswith(place + os.sep) for place in places
    )


def _refuse_strangers(event: str, number: int) -> None:
    """Only what the graded code started may be killed; 0 is the own group, -1 would be everybody."""
    try:
        meant = _group(number) if event == "os.killpg" and number else [number]
        own = number != 1 and all(_is_own(pid) for pid in meant)
    except (OSError, psutil.Error):
        return
    if not own:
        raise Forbidden("an implementation may not kill processes that it did not start")


def _group(number: int) -> list[int]:
    """The processes of a group, whose leader may have ended long ago."""
    return [pid for pid in psutil.pids() if _group_of(pid) == number]


def _group_of(pid: int) -> int | None:
    try:
        return os.getpgid(pid)
    except OSError:
        return None


def _is_own(pid: int) -> bool:
    """Whether it is in the own session, or a descendant that has left it; pid 1 never is."""
    if pid in {-1, 1}:
        return False
    if os.getsid(abs(pid)) == os.getsid(0):
        return True
    return os.getpid() in {parent.pid for parent in psutil.Process(abs(pid)).parents()}


def _reaches(arguments: tuple[Any, ...], closed: tuple[str, ...]) -> bool:
    """Whether a command line names the answers, or a program that fetches them or kills the judges."""
    words: list[str] = []
    for argument in arguments[:2]:
        several = argument if isinstance(argument, list | tuple) else [argument]
        words += [
            text for each in several if each is not None for text in os.fsdecode(each).split()
        ]
    names = {os.path.basename(place) for place in closed}  # noqa: PTH119 - a text, not a path of ours
    return any(
        os.path.basename(word) in PROGRAMS or any(name in word for name in names)  # noqa: PTH119
        for word in words
    )
