"""Inside the forked child: one check, from closed doors to the answer in the pipe."""

import atexit
import contextlib
import faulthandler
import os
import resource
import sys
import tempfile
import threading
import traceback
from collections.abc import Callable
from functools import partial
from types import TracebackType
from typing import Any

from graders.kit import orphans
from graders.kit.expect import CheckFailed, Inconclusive, show_error, text_of
from graders.kit.seal import Seal, broken
from graders.kit.verdict import Verdict, Word

MEMORY = int(os.environ.get("KATAS_MEMORY_MB", "4096")) << 20
BIGGEST_FILE = 64 << 20
OPEN_FILES = 512
HELPERS = {
    "multiprocessing.forkserver": "_forkserver",
    "multiprocessing.resource_tracker": "_resource_tracker",
}
_TRACE: Callable[[BaseException], Any] = BaseException.__dict__["__traceback__"].__get__
_CAUSE: Callable[[BaseException], Any] = BaseException.__dict__["__cause__"].__get__
MOST_FILES = 65_536


def run(  # noqa: PLR0917 - all that a life is made of
    body: Callable[[], object], before: Seal, answer: int, output: int, scratch: str, nonce: str
) -> None:
    """Run `body` as the whole life of this process. `answer` and `output` are the pipes' write ends.

    `before` is what nobody may have touched in the end.
    """
    code = 1
    leave, still, own, end = (
        _leave_as_a_program_would,
        broken,
        os.getpid,
        os._exit,
    )  # before others can change them
    tell = partial(_send, (os.write, own, own()), answer, nonce)
    try:
        _close_doors(answer, output, scratch)
        verdict = judge(body)
        name = still(before)
        want, got = "the judges and the library are left alone", f"{name} was replaced"
        tell({"word": "fail", "want": want, "got": got} if name else verdict.to_dict())
        leave()
        tell({"left": orphans.end_family()})
        code = 0
    except BaseException:  # noqa: BLE001 - the parent reads it in the output
        traceback.print_exc()
        sys.stderr.flush()
    finally:
        end(code)


def _close_doors(answer: int, output: int, scratch: str) -> None:
    """Own session, own folder, no input, bounded means; stacks of all threads on SIGABRT."""
    os.setsid()
    _forget_helpers()
    orphans.adopt()
    os.chdir(scratch)
    os.environ["TMPDIR"] = tempfile.tempdir = scratch  # what is left there goes with the folder
    low, high = sorted((answer, output))
    for first, last in ((3, low), (low + 1, high), (high + 1, MOST_FILES)):
        os.closerange(first, last)  # the grader's own output among them
    atexit._clear()  # noqa: SLF001 - what the parent registered is not this process's business
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((nothing, 0), (output, 1), (output, 2)):
        os.dup2(source, target)
    for stream, target in (("stdout", 1), ("stderr", 2)):
        setattr(
            sys,
            stream,
            open(target, "w", encoding="utf-8", errors="backslashreplace", closefd=False),  # noqa: SIM115
        )
        setattr(sys, f"__{stream}__", getattr(sys, stream))
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - for the process's life
    sys.breakpointhook = _no_breakpoint
    faulthandler.enable(output, all_threads=True)
    for limit, most in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, BIGGEST_FILE),
        (resource.RLIMIT_NOFILE, OPEN_FILES),
        (resource.RLIMIT_AS, MEMORY),
    ):
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(limit, (most, resource.getrlimit(limit)[1]))


def _forget_helpers() -> None:
    """Helper processes of multiprocessing that were here before are the parent's, and so are their pipes."""
    for name, keeper in HELPERS.items():
        kept = vars(getattr(sys.modules[name], keeper)) if name in sys.modules else {}
        kept.update(dict.fromkeys(k for k in kept if k.endswith(("_fd", "_pid", "_address"))))


def _no_breakpoint(*_arguments: object, **_options: object) -> None:
    raise RuntimeError("breakpoint() has no terminal here: to debug, grade with --in-process")


class DoesNotLoad(Exception):
    """The module could not be imported; `__cause__` says why."""


def judge(body: Callable[[], object]) -> Verdict:  # noqa: PLR0911 - a table
    """Run `body` and put whatever comes of it into a verdict."""
    try:
        body()
    except DoesNotLoad as failed:
        return _not_loaded(failed)
    except CheckFailed as failed:
        return Verdict("fail", failed.did, failed.want, failed.got, learner_line(failed),
                       failed.story, failed.token)  # fmt: skip
    except Inconclusive as undecided:
        return Verdict("inconclusive", got=text_of(undecided))
    except NotImplementedError as missing:
        return Verdict("not attempted", got=show_error(missing), where=learner_line(missing))
    except AssertionError as failed:
        return Verdict("fail", got=text_of(failed) or "AssertionError", where=learner_line(failed))
    except BaseException as error:  # noqa: BLE001 - whatever learner code raises is the finding
        return Verdict(
            "fail", want="no exception", got=show_error(error), where=learner_line(error)
        )
    return Verdict("pass")


def _not_loaded(failed: DoesNotLoad) -> Verdict:
    error = failed.__cause__ or failed
    word: Word = "not attempted" if isinstance(error, NotImplementedError) else "fail"
    where = (_syntax_line(error) if isinstance(error, SyntaxError) else "") or learner_line(error)
    return Verdict(
        word, f"imported {failed.args[0]}", "it loads", show_error(error), where, blocks=True
    )


def _syntax_line(error: SyntaxError) -> str:
    """Where the parser stopped; '' if graded code has raised it with anything else inside."""
    name, text = error.filename, error.text or ""
    if type(name) is not str or type(text) is not str:
        return ""
    return f"{os.path.basename(name)}:{error.lineno}  {text.strip()}"  # noqa: PTH119 - a label


def learner_line(error: BaseException) -> str:
    """The innermost line of the graded code in the traceback, as `file:line `source``."""
    found = _innermost(_TRACE(error))
    cause = _CAUSE(error)
    return found or (_innermost(_TRACE(cause)) if cause is not None else "")


def _innermost(trace: TracebackType | None) -> str:
    frames = traceback.StackSummary.extract(traceback.walk_tb(trace), lookup_lines=False)
    theirs = [f for f in frames if is_learners(f.filename)]
    if not theirs:
        return ""
    last = theirs[-1]
    return f"{os.path.basename(last.filename)}:{last.lineno}  {last.line}"  # noqa: PTH119 - a label


def is_learners(filename: str) -> bool:
    """Whether a frame is the learner's rather than the kit's or the library's."""
    return not filename.startswith("<") and not any(
        p in filename for p in ("/graders/", "/lib/python")
    )


def _send(
    means: tuple[Callable[[int, bytes], int], Callable[[], int], int],
    answer: int,
    nonce: str,
    data: dict[str, object],
) -> None:
    """Only the child itself answers: not a copy of it that graded code has forked.

    A literal, which the language writes: json and dataclasses can be patched.
    """
    write, own, pid = means
    line = f"{nonce} {data!a}\n".encode("ascii") if own() == pid else b""
    while line:
        line = line[write(answer, line) :]


def _leave_as_a_program_would() -> None:
    """What would keep a real program from ending keeps this one: threads left behind, atexit handlers."""
    for name, keeper in HELPERS.items():  # they would notice the end of a real program, and end
        if name in sys.modules:
            getattr(sys.modules[name], keeper)._stop()  # noqa: SLF001 - no public name
    threading._shutdown()  # type: ignore[attr-defined]  # noqa: SLF001 - no public name
    atexit._run_exitfuncs()  # noqa: SLF001 - no public name
