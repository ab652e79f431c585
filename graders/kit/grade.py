"""One graded run: from the words on the command line to the exit code.

pytest runs in this process without its own terminal; the graded code never does.
"""

import os
import re
import sys
from argparse import Namespace
from collections.abc import Sequence

from graders.kit import loading, progress, results
from graders.kit.loading import parse
from graders.kit.mistakes import Mistake, nearest
from graders.kit.sim.strategy import from_token
from graders.kit.topics import Topic, find

ALL_HOLD, NOT_ALL_HOLD = 0, 1


def run(wanted: Namespace) -> int:
    """Grade; 0 only if every expected check passed. Mistake for a selection that cannot be graded."""
    if not hasattr(os, "fork"):
        raise Mistake("grading needs fork: on Windows run this inside WSL")
    topics = _graded(find(wanted.topics), wanted)
    _check_token(wanted)
    _check_names(topics, wanted)
    results.place(wanted.results)
    if wanted.isolated:
        from graders.kit import isolation  # noqa: PLC0415 - few need it

        return isolation.run(wanted)
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    import pytest  # noqa: PLC0415 - after the environment is set

    from graders.kit.terminal import Terminal  # noqa: PLC0415

    terminal = Terminal(wanted.impl, in_process=wanted.in_process, verbose=wanted.verbose)
    plugins: list[object] = [terminal]
    if wanted.report:
        from graders.kit.exports import Exports  # noqa: PLC0415

        plugins.append(Exports(loading.START / wanted.report))
    code = pytest.main(_arguments(topics, wanted), plugins=plugins)
    if terminal.checks and wanted.impl == "exercises" and not wanted.check:
        progress.remember(terminal.checks)
    if code == pytest.ExitCode.INTERRUPTED:
        return 130
    if not terminal.checks and not terminal.broken:
        raise Mistake(f"no check is named {' or '.join(wanted.check)}")
    return ALL_HOLD if code == pytest.ExitCode.OK and terminal.all_hold else NOT_ALL_HOLD


def _graded(topics: Sequence[Topic], wanted: Namespace) -> list[Topic]:
    """Those of the topics that have a grader, and an implementation if they were named."""
    graded = [topic for topic in topics if any(topic.grader.glob("test_*.py"))]
    if wanted.impl.partition(":")[0] not in {"exercises", "solutions"} and len(graded) != 1:
        raise Mistake(
            f"--impl {wanted.impl} is for one topic: nox -s grade -- TOPIC --impl {wanted.impl}"
        )
    for topic in graded:
        parse(topic, wanted.impl)
    if not graded:
        raise Mistake("none of these topics has a grader yet: nox -s topics shows what is built")
    return graded


def _check_token(wanted: Namespace) -> None:
    if wanted.replay is None:
        return
    if len(wanted.check) != 1:
        raise Mistake(
            "--replay needs the check it belongs to: --check NAME --replay TOKEN, as the report says"
        )
    ordinal, _, token = wanted.replay.rpartition(":")
    if ordinal and not (ordinal.isascii() and ordinal.isdecimal()):
        raise Mistake(
            f"{wanted.replay!r} is no replay token; copy it whole from the report (like 1:17b.42a)"
        )
    try:
        from_token(token)
    except ValueError as error:
        raise Mistake(str(error)) from None


def _arguments(topics: Sequence[Topic], wanted: Namespace) -> list[str]:
    arguments = [str(topic.grader) for topic in topics]
    arguments += [
        "-p",
        "no:terminal",
        "-p",
        "no:cacheprovider",
        "-p",
        "pytest_timeout",
        "-o",
        "timeout=0",
    ]
    arguments += ["-o", "addopts=--import-mode=importlib"]
    arguments += [
        "-p",
        "graders.kit.plugin",
        "-p",
        "no:faulthandler",
        "-p",
        "no:debugging",
        f"--rootdir={topics[0].root}",
        "--impl",
        wanted.impl,
    ]
    arguments += ["--in-process", "--capture=no"] if wanted.in_process else []
    arguments += ["--replay", wanted.replay] if wanted.replay else []
    arguments += ["--results", wanted.results] if wanted.results else []
    if wanted.check:
        arguments += ["--only", ",".join(wanted.check)]
    return arguments


def _check_names(topics: Sequence[Topic], wanted: Namespace) -> None:
    """A misspelt check is said before the others run."""
    texts = [file.read_text("utf-8") for t in topics for file in t.grader.glob("test_*.py")]
    known = {name for text in texts for name in re.findall(r"\btest_\w+", text)}
    for name in ",".join(wanted.check).split(",") if wanted.check else ():
        if name.partition("[")[0] not in known:
            where = ", ".join(topic.id for topic in topics)
            raise Mistake(f"no check named {name!r} in {where}{nearest(name, known)}")


if __name__ == "__main__":
    sys.exit("run it as: python -m graders.kit grade")
