"""The command line: ``python -m graders.kit grade|watch|bench|drill|run|hint|topics|…``.

Bad input is one line that names the mistake and the repair, and exit code 2.
"""

import os
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Final

from graders.kit.arguments import SELECTORS, Parser
from graders.kit.mistakes import Mistake, nearest
from graders.kit.topics import ROOT, Topic, find

LONGEST: Final = 2_000
READER_GONE: Final = 141  # as a shell says it of SIGPIPE


def main(arguments: Sequence[str]) -> int:
    """Run one command and return its exit code: 0 well, 1 not all holds, 2 a user's mistake."""
    try:
        if not arguments or arguments[0] not in COMMANDS:
            raise _no_command(arguments)
        return COMMANDS[arguments[0]](arguments[1:])
    except Mistake as mistake:
        print(f"error: {_one_line(str(mistake))}", file=sys.stderr)
        return 2
    except BrokenPipeError:  # whoever read the output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return READER_GONE
    except OSError as error:
        print(f"error: {_one_line(_os_error(error))}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return 130


def _one_line(text: str) -> str:
    """Whatever the words on the command line hold."""
    safe = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)
    return safe if len(safe) <= LONGEST else f"{safe[:300]} … {safe[-300:]}"


def _no_command(arguments: Sequence[str]) -> Mistake:
    menu = f"the commands are {', '.join(COMMANDS)}"
    if not arguments:
        return Mistake(f"no command given: {menu}")
    return Mistake(f"no command {arguments[0]!r}{nearest(arguments[0], COMMANDS) or ':'} {menu}")


def _os_error(error: OSError) -> str:
    where = f" {error.filename}" if error.filename else ""
    return f"{error.strerror or error}{where}: make the file accessible and try again"


def _stubs(arguments: Sequence[str]) -> int:
    from graders.kit.scaffold import Stale, refresh  # noqa: PLC0415 - each command loads its own

    parser = Parser(prog="stubs", description="Generate the exercise modules from the contracts.")
    parser.add_argument("topics", nargs="*", metavar="topic", help=SELECTORS)
    parser.add_argument("--check", action="store_true", help="write nothing; 1 if one is stale")
    chosen = parser.parse_args(arguments)
    outcomes = [(topic, refresh(topic, write=not chosen.check)) for topic in find(chosen.topics)]
    for topic, outcome in outcomes:
        repair = f": nox -s reset -- {topic.name}" if outcome is Stale.DIFFERS else ""
        found, left = outcome.value
        print(f"{found if chosen.check else left:<10}{_short(topic.stub)}{repair}")
    return 1 if chosen.check and {outcome for _, outcome in outcomes} != {Stale.NO} else 0


def _reset(arguments: Sequence[str]) -> int:
    from graders.kit.scaffold import reset  # noqa: PLC0415

    parser = Parser(prog="reset", description="A fresh stub; your work is kept in backups/.")
    parser.add_argument("topics", nargs="+", metavar="topic", help=SELECTORS)
    for topic in find(parser.parse_args(arguments).topics):
        kept = reset(topic)
        print(f"fresh     {_short(topic.stub)}")
        if kept:
            print(f"kept      {_short(kept)}")
    return 0


def _new(arguments: Sequence[str]) -> int:
    from graders.kit.completeness import missing_parts  # noqa: PLC0415
    from graders.kit.scaffold import new  # noqa: PLC0415

    parser = Parser(prog="new", description="Scaffold a topic from templates.")
    parser.add_argument("topic", metavar="chapter/topic", help="e.g. patterns/memento")
    place = parser.parse_args(arguments).topic
    for path in new(place):
        print(f"written   {_short(path)}")
    for line in missing_parts(find([place])[0]):
        print(f"to do     {line}")
    return 0


def _hint(arguments: Sequence[str]) -> int:
    from graders.kit.hints import all_hints, next_hint  # noqa: PLC0415

    parser = Parser(prog="hint", description="The next hint of a brief.")
    parser.add_argument("topic", help="a topic or chapter/topic")
    parser.add_argument("--all", action="store_true", help="those you have read, once more")
    wanted = parser.parse_args(arguments)
    for line in (all_hints if wanted.all else next_hint)(_one(wanted.topic)):
        print(line)
    return 0


def _run(arguments: Sequence[str]) -> int:
    from graders.kit.play import run  # noqa: PLC0415

    parser = Parser(prog="run", description="Serve, or play the scene of a topic.")
    parser.add_argument("topic", help="a topic or chapter/topic")
    parser.add_argument("--impl", default="exercises", help="as for grade")
    parser.add_argument("--port", type=int, help="of a service; 0 takes a free one")
    wanted = parser.parse_args(arguments)
    return run(_one(wanted.topic), wanted.impl, wanted.port)


def _load(arguments: Sequence[str]) -> int:
    from graders.kit.load import run  # noqa: PLC0415

    parser = Parser(prog="load", description="Put services under load: speed, errors, memory.")
    parser.add_argument("topics", nargs="*", metavar="topic", help=SELECTORS)
    parser.add_argument("--impl", default="solutions", help="as for grade")
    parser.add_argument("--requests", type=int, default=20_000, metavar="N", help="how many each")
    wanted = parser.parse_args(arguments)
    if wanted.requests < 100:
        raise Mistake(f"--requests {wanted.requests}: at least 100, to say anything")
    return run(find(wanted.topics), wanted.impl, wanted.requests, partial(print, flush=True))


def _watch(arguments: Sequence[str]) -> int:
    from graders.kit.watch import watch  # noqa: PLC0415

    parser = Parser(prog="watch", description="Grade a topic whenever it is saved.")
    parser.add_argument("topic", help="a topic or chapter/topic")
    parser.add_argument("--impl", default="exercises", help="as for grade")
    wanted = parser.parse_args(arguments)
    return watch(_one(wanted.topic), wanted.impl)


def _one(selector: str) -> Topic:
    topics = find([selector])
    if len(topics) > 1:
        raise Mistake(f"{selector!r} is a chapter: name one topic, e.g. {topics[0].name}")
    return topics[0]


def _topics(arguments: Sequence[str]) -> int:
    from graders.kit.menu import lines  # noqa: PLC0415

    parser = Parser(prog="topics", description="The catalogue, with what exists and your state.")
    parser.add_argument("topics", nargs="*", metavar="topic", help=SELECTORS)
    for line in lines(parser.parse_args(arguments).topics):
        print(line)
    return 0


def _grade(arguments: Sequence[str]) -> int:
    from graders.kit.grade import run  # noqa: PLC0415

    parser = Parser(prog="grade", description="Grade an implementation.")
    parser.add_argument("topics", nargs="*", metavar="topic", help=SELECTORS)
    parser.add_argument(
        "--impl",
        default="exercises",
        help="exercises, solutions, peers:NAME, impostors:NAME, a path",
    )
    parser.add_argument(
        "--check", action="append", default=[], metavar="NAME", help="only this check"
    )
    parser.add_argument(
        "--replay", metavar="TOKEN", help="replay one schedule, as the report names it"
    )
    parser.add_argument("--results", metavar="FILE", help="where to write results.json")
    parser.add_argument("--report", metavar="FOLDER", help="JUnit, JSON, Markdown, Gradescope")
    manner = parser.add_mutually_exclusive_group()
    manner.add_argument("--in-process", action="store_true", help="for debuggers; no graded run")
    manner.add_argument("--isolated", action="store_true", help="in a sandbox, for others' code")
    parser.add_argument("--verbose", action="store_true", help="every open check in a line")
    return run(parser.parse_args(arguments))


def _drill(arguments: Sequence[str]) -> int:
    if not hasattr(os, "fork"):
        raise Mistake("a drill grades, and grading needs fork: on Windows run this inside WSL")
    from graders.kit.drill.program import main as drill  # noqa: PLC0415

    return drill(arguments)


def _bench(arguments: Sequence[str]) -> int:
    from graders.kit.bench.command import LAST, run  # noqa: PLC0415 - needs the group bench

    parser = Parser(prog="bench", description="Yours, the reference and the peers in figures.")
    parser.add_argument("topics", nargs="*", metavar="topic", help=SELECTORS)
    parser.add_argument(
        "--impl", default="exercises", help="what is yours: exercises, peers:NAME, a path, ..."
    )
    parser.add_argument(
        "--compare",
        nargs="?",
        const=LAST,
        metavar="RUN",
        help="what has changed since the last run, or since one of results/bench/TOPIC/runs",
    )
    return run(parser.parse_args(arguments))


def _bench_selftest(arguments: Sequence[str]) -> int:
    from graders.kit.bench.selftest import TRIES, prove  # noqa: PLC0415

    parser = Parser(prog="bench", description="Prove the rule by which bench compares.")
    parser.add_argument("topic", nargs="?", default="cache", help="a topic")
    parser.add_argument("--tries", type=int, default=TRIES, metavar="N", help="how often")
    wanted = parser.parse_args(arguments)
    return 0 if prove(find([wanted.topic])[0], max(1, wanted.tries)) else 1


def _conformance(arguments: Sequence[str]) -> int:
    from graders.kit.conformance import write_conformance  # noqa: PLC0415

    parser = Parser(prog="types", description="Write modules for the type checker.")
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args(arguments).folder
    for old in folder.glob("conformance_*.py"):
        old.unlink()
    for topic in find():
        write_conformance(topic, folder)
    return 0


def _readme(arguments: Sequence[str]) -> int:
    from graders.kit.showcase import RUNS, block, timings, write  # noqa: PLC0415

    parser = Parser(prog="readme", description="Play the README's runs anew and write them down.")
    parser.add_argument("--timings", action="store_true", help="measure the sessions as well")
    wanted = parser.parse_args(arguments)
    makers: dict[str, Callable[[], str]] = {name: partial(block, name) for name in RUNS}
    write({**makers, "timings": timings} if wanted.timings else makers)
    return 0


def _mutants(arguments: Sequence[str]) -> int:
    from graders.kit.mutation import scores  # noqa: PLC0415
    from graders.kit.scoreboard import PLACE, write  # noqa: PLC0415

    parser = Parser(prog="mutants", description="The mutation score of the references.")
    parser.add_argument("topics", nargs="*", metavar="topic", help=SELECTORS)
    wanted = parser.parse_args(arguments)
    found = scores(find(wanted.topics), partial(print, flush=True))
    write(found)
    print(f"written   {_short(PLACE)}")
    return 0 if all(len(each.alive) == each.explained for each in found) else 1


def _revision(arguments: Sequence[str]) -> int:
    from graders.kit.revision import page, place  # noqa: PLC0415

    Parser(prog="revision", description="Write the revision page anew.").parse_args(arguments)
    place().write_text(page(), encoding="utf-8")
    return 0


def _short(path: Path) -> str:
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)


COMMANDS: Final[dict[str, Callable[[Sequence[str]], int]]] = {
    "grade": _grade,
    "stubs": _stubs,
    "new": _new,
    "reset": _reset,
    "topics": _topics,
    "hint": _hint,
    "run": _run,
    "load": _load,
    "watch": _watch,
    "drill": _drill,
    "bench": _bench,
    "bench-selftest": _bench_selftest,
    "conformance": _conformance,
    "readme": _readme,
    "revision": _revision,
    "mutants": _mutants,
}
