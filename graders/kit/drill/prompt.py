"""The prompt: reads a line, runs the command, looks at the clock while nobody types."""

import contextlib
import shlex
from collections.abc import Iterator
from typing import Final

from graders.kit.drill import rules, store, words
from graders.kit.drill.card import steps
from graders.kit.drill.commands import begin, run, start_parser
from graders.kit.drill.desk import Desk, Room, open_desk
from graders.kit.drill.events import Event
from graders.kit.drill.keyboard import Keyboard
from graders.kit.drill.prose import clock, wrapped
from graders.kit.drill.rules import RATINGS
from graders.kit.drill.state import Drill
from graders.kit.mistakes import Mistake

LOOK: Final = 2.0  # seconds between two looks at the clock


def open_prompt(room: Room, arguments: list[str], keyboard: Keyboard) -> int:
    """Go on with the open drill, or begin one, and stay until it is finished or paused."""
    if store.current(room.root):
        desk = open_desk(room)
        _same_topic(desk, arguments)
        desk.tick()
        first = "resume"
    else:
        desk = begin(room, arguments)
        first = "start"
    with desk.workspace.attended():
        _attach(desk, first)
        Prompt(desk, keyboard).stay()
    return 0


def _same_topic(desk: Desk, arguments: list[str]) -> None:
    """Whoever names another topic means a new drill; one is still open."""
    wanted = start_parser().parse_args(arguments)
    topic = desk.sheet.topic
    names = {topic.id, topic.name, topic.chapter}
    other = any(each.strip("/") not in names for each in [*wanted.topics, *wanted.chapter])
    if other or wanted.minutes or wanted.level:
        raise Mistake(
            f"{desk.workspace.folder.name} is still open: go on with `nox -s drill`, "
            "or end it with `nox -s drill -- finish`"
        )


def _attach(desk: Desk, first: str) -> None:
    """The prompt is open: the clock runs, and everything that was said is on the screen again."""
    desk.act(lambda drill, now: [*rules.resume(drill, now), Event("attached", now)])
    desk.workspace.beat(desk.room.clock())
    drill = desk.workspace.drill()
    lines = words.opening if first == "start" else words.status
    for line in lines(desk, drill):
        desk.room.say(line)
    for line in words.changes(desk, drill):
        desk.room.say(line)
    if first == "resume":
        if drill.required:
            desk.keep_stub()
        desk.room.say("`show` has everything you were told so far; `help` the commands")


class Prompt:
    """One person at one drill."""

    def __init__(self, desk: Desk, keyboard: Keyboard) -> None:
        self._desk, self._keyboard, self._say = desk, keyboard, desk.room.say

    def stay(self) -> None:
        """Until the drill is finished or paused; Ctrl-C and the end of the input pause it."""
        try:
            while self._open(self._desk.tick()):
                self._command(self._line())
            if self._desk.workspace.drill().finished is not None:
                self._judge()
        except (KeyboardInterrupt, EOFError):
            self._leave()

    def _open(self, drill: Drill) -> bool:
        return drill.finished is None and drill.running

    def _leave(self) -> None:
        """The clock stops; the way back is on the screen."""
        with contextlib.suppress(Mistake):
            self._desk.act(lambda drill, now: rules.pause(drill, now, "left the prompt"))
        over = self._desk.workspace.drill().finished is not None
        self._say(
            "\nthe drill is finished" if over else "\npaused: `nox -s drill` goes on from here"
        )

    def _line(self) -> str:
        """What was typed; meanwhile what is due arrives."""
        self._show_prompt()
        while True:
            line = self._keyboard.line(LOOK)
            if line is not None:
                return line
            if self._arrived():
                self._show_prompt()

    def _arrived(self) -> bool:
        """Look at the clock; whether something was said, or somebody else ended it."""
        before = self._desk.workspace.drill()
        after = self._desk.woke()
        if not self._open(after):
            raise EOFError
        return (len(before.changes), before.rang) != (len(after.changes), after.rang)

    def _show_prompt(self) -> None:
        if self._keyboard.is_terminal:
            drill = self._desk.workspace.drill()
            left = drill.limit - drill.elapsed(self._desk.room.clock())
            rest = f"{clock(left)} left" if left > 0 else f"{clock(-left)} over"
            print(f"\n[{self._desk.workspace.folder.name}, {rest}] ", end="", flush=True)

    def _command(self, line: str) -> None:
        """Run one line; a mistake is said, and the drill goes on."""
        try:
            typed = shlex.split(line)
            if typed:
                with contextlib.suppress(SystemExit):  # --help of a command
                    run(self._desk.room, typed)
        except ValueError:
            self._say("error: a quotation mark is not closed: type the command again")
        except Mistake as mistake:
            self._say(f"error: {mistake}")
        except OSError as error:
            self._say(f"error: {error.strerror}: {error.filename or 'try again'}")
        self._desk.workspace.beat(self._desk.room.clock())

    def _judge(self) -> None:
        """The seven steps, each beside what the brief says; an empty line leaves them open."""
        with contextlib.suppress(KeyboardInterrupt, EOFError):
            ratings = list(self._ratings())
            run(self._desk.room, ["assess", *map(str, ratings)])
            return
        self._say("\nlater: nox -s drill -- assess, with seven numbers")

    def _ratings(self) -> Iterator[int]:
        self._say("\nThe seven steps: how was yours? 0 no, 1 partly, 2 well; an empty line leaves")
        for step in steps(self._desk.sheet.interview.steps):
            self._say(f"\n{step.name}\n{wrapped(step.text, '  ')}")
            yield self._rating()

    def _rating(self) -> int:
        while True:
            if self._keyboard.is_terminal:
                print("yours (0, 1, 2): ", end="", flush=True)
            line = self._keyboard.line() or ""
            if not line:
                raise EOFError
            if line in {str(number) for number, _ in enumerate(RATINGS)}:
                return int(line)
            self._say("0 no, 1 partly, 2 well, or an empty line to leave")
