"""What the code that is graded may not do: import the answers or the judges, read the answers, harm the house.

Covers accidents and casual cheating. An attacker with the same rights and no sandbox is not stopped (see README).
"""

import builtins
import os
import re
import signal
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from os.path import realpath
from pathlib import Path
from typing import Any, Final, NoReturn

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
TERMINALS: Final = "/dev/pts"
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


@dataclass(frozen=True)
class Book:
    """What is closed to reading, what may not be changed, and what a command line may name all the same."""

    closed: tuple[str, ...]
    kept: tuple[str, ...]
    named: tuple[str, ...]


def close_the_book(*paths: Path, house: Path, mine: Path | None = None) -> None:
    """From now on this process cannot open `paths`, change `house` or `mine`, or kill what is not its own.

    `mine` is the source that is graded: it may be the only copy. Cannot be undone; call it in a child.
    """
    sys.dont_write_bytecode = True  # modules of the house may still be imported
    os.environ.pop("PYTHONPATH", None)  # but not by the programs that graded code starts
    own = (mine,) if mine else ()
    named = tuple(str(each) for each in (*own, sys.executable, sys.prefix))
    book = Book(_all_real(paths), _all_real((house, *own)), named)
    sys.addaudithook(_watchman(book))
    if hasattr(signal, "pidfd_send_signal"):  # the one way to kill without an event
        signal.pidfd_send_signal = _no_pidfd


def _all_real(paths: Sequence[Path]) -> tuple[str, ...]:
    return tuple(realpath(path) for path in paths)


def _no_pidfd(*_arguments: object) -> NoReturn:
    raise Forbidden("an implementation may not send signals by descriptors: use os.kill")


def _watchman(book: Book) -> Callable[[str, tuple[Any, ...]], None]:
    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            _refuse_opening(arguments[0], arguments[2], book)
        elif event in CHANGES:
            if any(_within(_real(path), *book.kept) for path in arguments[:2]):
                raise Forbidden("an implementation may not change the repository or its own source")
        elif event in KILLS:
            _refuse_strangers(event, arguments[0])
        elif event in STARTS and _reaches(event, arguments, book):
            raise Forbidden("an implementation may not start a program for that")

    return hook


def _refuse_opening(given: object, flags: int, book: Book) -> None:
    path, house = _real(given), book.kept[0]
    if _within(path, *book.closed) or (_is_around(path, house) and os.path.isdir(str(path))):  # noqa: PTH112
        raise Forbidden("an implementation may not read the answers: it has to do the work itself")
    if flags & WRITES and _within(path, *book.kept):
        raise Forbidden("an implementation may not change the repository or its own source")
    if (flags & WRITES and _within(path, TERMINALS)) or _is_inside_another(given):
        raise Forbidden("an implementation may not reach into another process or its terminal")


def _is_around(path: str | None, house: str) -> bool:
    """A folder of the house or above it: opened, it would lead to the answers by relative names."""
    return path is not None and (_within(path, house) or _within(house, path) or path == os.sep)


def _is_inside_another(given: object) -> bool:
    """Whether a name leads to the files or the memory of a process that is not one's own."""
    if not isinstance(given, str | bytes | os.PathLike):
        return False
    found = re.match(r"/proc/(\d+)/(?:task/\d+/)?(?:fd|mem)\b", os.path.abspath(os.fsdecode(given)))  # noqa: PTH100
    try:
        return found is not None and not _is_own(int(found[1]))
    except (OSError, psutil.Error):
        return False


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


def _reaches(event: str, arguments: tuple[Any, ...], book: Book) -> bool:
    """Whether a command names the answers or the house, works there, or fetches answers or kills judges."""
    names = {os.path.basename(place) for place in book.closed}  # noqa: PTH119 - a text, not a path of ours
    folder = arguments[2] if event == "subprocess.Popen" and arguments[2] else os.curdir
    return (
        _within(_real(folder), book.kept[0])
        or any(
            os.path.basename(word) in PROGRAMS  # noqa: PTH119
            or any(name in word for name in (*names, book.kept[0]))
            for word in _words(arguments[:2], book.named)
        )
    )


def _words(arguments: Sequence[Any], allowed: Sequence[str]) -> Iterator[str]:
    for argument in arguments:
        for each in argument if isinstance(argument, list | tuple) else [argument]:
            text = "" if each is None else os.fsdecode(each)
            for path in allowed:
                text = text.replace(path, "")
            yield from text.split()
