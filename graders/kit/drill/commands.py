"""The commands of a drill, each whole in itself: the prompt is a loop over these."""

from collections.abc import Callable, Mapping, Sequence
from math import isfinite
from typing import Final

from graders.kit.arguments import SELECTORS, Parser
from graders.kit.contract import LEVELS
from graders.kit.drill import history, rules, store, words
from graders.kit.drill.choose import choose
from graders.kit.drill.desk import Desk, Room, last_desk, open_desk
from graders.kit.drill.ending import finish, show_card
from graders.kit.drill.events import Event
from graders.kit.drill.grading import grade
from graders.kit.drill.sheet import Sheet
from graders.kit.drill.state import Drill
from graders.kit.mistakes import Mistake, nearest

Command = Callable[[Room, Sequence[str]], int]
MOST_MINUTES: Final = 24 * 60


def _start(room: Room, arguments: Sequence[str]) -> int:
    desk = begin(room, arguments)
    for line in words.opening(desk, desk.workspace.drill()):
        room.say(line)
    return 0


def begin(room: Room, arguments: Sequence[str]) -> Desk:
    """A new drill, with the options of `start`; nothing is said."""
    wanted = start_parser().parse_args(arguments)
    selectors = [*wanted.topics, *wanted.chapter]
    sheet = Sheet(choose(selectors, wanted.level, room.root))
    events = rules.start(sheet, wanted.minutes, room.clock())
    workspace = store.create(room.root, sheet.topic, events)
    desk = Desk(room, workspace, sheet)
    desk.hand_out_worksheet()
    return desk


def start_parser() -> Parser:
    """Which topic, and for how long."""
    parser = Parser(prog="drill", description="Interview practice; `help` lists the commands.")
    parser.add_argument("topics", nargs="*", metavar="topic", help=SELECTORS)
    parser.add_argument("--chapter", action="append", default=[], help="topics of this chapter")
    parser.add_argument("--level", choices=LEVELS, help="topics of this level")
    parser.add_argument("--minutes", type=_minutes, help="length; the topic's own if not given")
    return parser


def _minutes(text: str) -> float:
    minutes = float(text)
    if not (isfinite(minutes) and 0 < minutes <= MOST_MINUTES):
        raise ValueError(text)
    return minutes


_minutes.__name__ = "number of minutes"  # what the parser's complaint calls it


def _ask(room: Room, arguments: Sequence[str]) -> int:
    parser = Parser(prog="drill", description="Ask scope questions.")
    parser.add_argument("numbers", nargs="+", type=int, metavar="N", help="of the question")
    numbers: list[int] = parser.parse_args(arguments).numbers
    desk = _look(room)
    desk.act(lambda drill, now: rules.ask(drill, desk.sheet, numbers, now))
    for number in dict.fromkeys(numbers):
        room.say(words.answer(desk, number))
    return 0


def _requirements(room: Room, arguments: Sequence[str]) -> int:
    _no(arguments)
    desk = _look(room)
    desk.act(rules.require)
    desk.keep_stub()
    for line in words.requirements(desk):
        room.say(line)
    desk.tick()
    return 0


def _hint(room: Room, arguments: Sequence[str]) -> int:
    _no(arguments)
    desk = _look(room)
    _, drill = desk.act(lambda drill, now: rules.hint(drill, desk.sheet, now))
    room.say(words.hint(desk, len(drill.hints)))
    return 0


def _grade(room: Room, arguments: Sequence[str]) -> int:
    _no(arguments)
    desk = _look(room)
    rules.may_grade(desk.workspace.drill())
    desk.keep_stub()
    asked = room.clock()
    data = grade(desk.sheet.topic, desk.code, desk.workspace.results)
    _, drill = desk.act(lambda drill, _: rules.graded(drill, data, asked))
    room.say(words.held(desk, drill))
    return 0 if len(drill.grades[-1].held) == len(desk.sheet.promises) else 1


def _pause(room: Room, arguments: Sequence[str]) -> int:
    _no(arguments)
    desk = _look(room)
    _, drill = desk.act(lambda drill, now: rules.pause(drill, now, "asked for"))
    room.say(f"{words.countdown(desk, drill)}; `nox -s drill` goes on, or `resume`")
    return 0


def _resume(room: Room, arguments: Sequence[str]) -> int:
    _no(arguments)
    desk = _look(room)
    desk.act(rules.resume)
    return _status(room, ())


def _status(room: Room, arguments: Sequence[str]) -> int:
    _no(arguments)
    desk = _look(room)
    for line in words.status(desk, desk.workspace.drill()):
        room.say(line)
    return 0


def _show(room: Room, arguments: Sequence[str]) -> int:
    _no(arguments)
    desk = _look(room)
    for line in words.told(desk, desk.workspace.drill()):
        room.say(line)
    return 0


def _questions(room: Room, arguments: Sequence[str]) -> int:
    _no(arguments)
    desk = _look(room)
    for line in words.questions(desk, desk.workspace.drill()):
        room.say(line)
    return 0


def _finish(room: Room, arguments: Sequence[str]) -> int:
    parser = Parser(prog="drill", description="End the drill.")
    parser.add_argument("--no-grade", action="store_true", help="no last graded run")
    wanted = parser.parse_args(arguments)
    finish(_look(room), last_grade=not wanted.no_grade)
    return 0


def _assess(room: Room, arguments: Sequence[str]) -> int:
    parser = Parser(prog="drill", description="Judge your seven steps: 0 no, 1 partly, 2 well.")
    parser.add_argument("steps", nargs="+", type=int, metavar="N", help="seven numbers")
    steps: list[int] = parser.parse_args(arguments).steps
    desk = last_desk(room)

    def move(drill: Drill, now: float) -> Sequence[Event]:
        return rules.assess(drill, steps, now)

    desk.act(move)
    show_card(desk, quiet=True)
    return 0


def _scorecard(room: Room, arguments: Sequence[str]) -> int:
    _no(arguments)
    desk = last_desk(room)
    if desk.workspace.drill().finished is None:
        raise Mistake("the drill is still open: `finish` gives you the scorecard")
    show_card(desk)
    return 0


def _history(room: Room, arguments: Sequence[str]) -> int:
    _no(arguments)
    rows = history.rows(room.root, most=1_000)
    for line in history.table(history.HEAD, rows) if rows else ["no drill was finished yet"]:
        room.say(line)
    for line in store.unreadable(room.root):
        room.say(line)
    return 0


def _help(room: Room, arguments: Sequence[str]) -> int:
    _no(arguments)
    room.say(words.HELP)
    return 0


def _no(arguments: Sequence[str]) -> None:
    if arguments:
        raise Mistake(f"{arguments[0]!r} is too much here: give the command alone")


def _look(room: Room) -> Desk:
    """The open drill, with what the clock has brought."""
    desk = open_desk(room)
    desk.tick()
    return desk


COMMANDS: Final[Mapping[str, Command]] = {
    "start": _start,
    "ask": _ask,
    "questions": _questions,
    "requirements": _requirements,
    "hint": _hint,
    "grade": _grade,
    "status": _status,
    "show": _show,
    "pause": _pause,
    "resume": _resume,
    "finish": _finish,
    "assess": _assess,
    "scorecard": _scorecard,
    "history": _history,
    "help": _help,
}


def run(room: Room, line: Sequence[str]) -> int:
    """Run one command; Mistake if it is none, or may not be now."""
    name, *arguments = line
    if name not in COMMANDS:
        raise Mistake(f"no command {name!r}{nearest(name, COMMANDS) or ':'} `help` lists them")
    return COMMANDS[name](room, arguments)
