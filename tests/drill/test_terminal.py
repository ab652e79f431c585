"""A drill as a person does it: in a pseudo-terminal, with Ctrl-C, a closed window and kill -9."""

import os
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path

import pexpect
import psutil
import pytest

from graders.kit.drill.grading import environment
from graders.kit.drill.store import Workspace
from graders.kit.topics import Topic
from tests.drill.house import SOLUTION, build

LIMIT = 60  # seconds: a limit for what is waited for, on a busy machine
PROMPT = r"\[tally-1, \d+:\d\d left\] "


class Person:
    """Somebody at a terminal."""

    def __init__(self, root: Path, *arguments: str, in_shell: bool = False) -> None:
        command = [sys.executable, "-m", "graders.kit", "drill", *arguments]
        if in_shell:  # as in a real terminal: the shell stays when the drill dies
            command = [
                "/bin/sh",
                "-c",
                '"$@"; echo "shell: $?"; read -r line; echo "read $line"',
                "sh",
                *command,
            ]
        env = {**environment(Topic("patterns", "tally", root)), "TERM": "xterm", "NO_COLOR": "1"}
        self.root = root
        self.screen = pexpect.spawn(
            command[0],
            command[1:],
            cwd=str(root),
            env=env,
            timeout=LIMIT,
            encoding="utf-8",
            dimensions=(40, 100),
        )

    def sees(self, pattern: str) -> str:
        """Wait for it on the screen; what came before it."""
        self.screen.expect(pattern)
        return str(self.screen.before)

    def types(self, line: str) -> None:
        """A line, and Enter."""
        self.screen.sendline(line)

    @property
    def workspace(self) -> Workspace:
        """The folder of the only drill."""
        return Workspace(self.root / "workspaces" / "tally-1")

    def leaves(self) -> int:
        """Wait for the end; the exit code."""
        self.screen.expect(pexpect.EOF)
        self.screen.close()
        return int(self.screen.exitstatus if self.screen.exitstatus is not None else -1)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A kata that can be drilled."""
    return build(tmp_path / "house")


@pytest.fixture
def person(root: Path) -> Iterator[Person]:
    """At a fresh drill, the prompt before the eyes."""
    person = Person(root)
    person.sees(PROMPT)
    yield person
    person.screen.close(force=True)


def test_a_whole_drill(person: Person) -> None:
    """Ask, hear the requirements, write, grade, finish, judge; every step is on the screen."""
    person.types("ask 2")
    assert "the old value comes back" in person.sees(PROMPT)
    person.types("requirements")
    assert "workspaces/tally-1/tally.py" in person.sees(PROMPT)
    person.workspace.code(Topic("patterns", "tally")).write_text(SOLUTION, encoding="utf-8")
    person.types("grade")
    assert "4 of 4 promises hold" in person.sees(PROMPT)
    person.types("finish")
    person.sees("Points")
    person.sees("3. Interface.*4. High-level design")
    person.sees("The seven steps: how was yours")
    for rating in "2", "1", "x", "0", "2", "2", "1", "2":
        person.sees(r"yours \(0, 1, 2\): ")
        person.types(rating)
    person.sees("as a page: workspaces/tally-1/scorecard.html")
    assert person.leaves() == 0
    assert person.workspace.drill().steps == (2, 1, 0, 2, 2, 1, 2)


def test_mistakes_do_not_end_it(person: Person) -> None:
    """A word that is no command, a quotation mark too many, --help, a line of rubbish, an empty one."""
    for line, answer in (
        ("hnt", "did you mean hint"),
        ('ask "1', "quotation mark"),
        ("ask --help", "usage: drill"),
        ("ask 99", "numbered 1 to 3"),
        ("start", "still open"),
        ("\x00\x07é 漢字", "no command"),
        ("help", "requirements    hear"),
    ):
        person.types(line)
        assert answer in person.sees(PROMPT), line
    person.types("")
    assert "Traceback" not in person.sees(PROMPT)


def test_ctrl_c_pauses(person: Person) -> None:
    """The way back is on the screen; going on is where it was."""
    person.types("ask 1 3")
    person.sees(PROMPT)
    person.screen.sendintr()
    person.sees("paused: `nox -s drill` goes on from here")
    assert person.leaves() == 0
    assert not person.workspace.drill().running
    again = Person(person.root)
    assert "2 of 3 asked" in again.sees(PROMPT)
    assert again.workspace.drill().running
    again.screen.close(force=True)


def test_ctrl_d_pauses(person: Person) -> None:
    """The end of the input is a way to leave."""
    person.screen.sendeof()
    person.sees("paused")
    assert person.leaves() == 0


def test_pause_leaves_the_prompt(person: Person) -> None:
    """As a command too."""
    person.types("pause")
    person.sees("paused; `nox -s drill` goes on")
    assert person.leaves() == 0


def test_ctrl_c_while_grading_goes_back_to_the_prompt(person: Person) -> None:
    """Nothing is counted, nothing runs on, the drill goes on."""
    person.types("requirements")
    person.sees(PROMPT)
    code = person.workspace.code(Topic("patterns", "tally"))
    code.write_text(SOLUTION.replace("self._n += n", "while True: pass"), encoding="utf-8")
    person.types("grade")
    person.sees("patterns/tally  ")
    person.screen.sendintr()
    person.sees("stopped: nothing was counted")
    person.sees(PROMPT)
    assert person.workspace.drill().grades == ()
    person.types("status")
    assert "last grade    none yet" in person.sees(PROMPT)


def test_a_closed_window_loses_nothing(person: Person) -> None:
    """The terminal is gone (SIGHUP): the clock stopped, the work is there, going on is possible."""
    person.types("ask 1")
    person.sees(PROMPT)
    person.types("requirements")
    person.sees(PROMPT)
    code = person.workspace.code(Topic("patterns", "tally"))
    code.write_text("half = 'done'\n", encoding="utf-8")
    person.screen.close(force=False)
    again = Person(person.root)
    assert "1 of 3 asked" in again.sees(PROMPT)
    assert code.read_text(encoding="utf-8") == "half = 'done'\n"
    again.screen.close(force=True)


def test_kill_9_and_resume(root: Path) -> None:
    """Nothing is lost, the terminal is as before, the time in between does not count."""
    person = Person(root, in_shell=True)
    person.sees(PROMPT)
    before = termios.tcgetattr(person.screen.fileno())
    for line in ("ask 1 2", "requirements", "hint"):
        person.types(line)
        person.sees(PROMPT)
    os.kill(_drill_process(person), signal.SIGKILL)
    person.sees("shell: 137")
    assert termios.tcgetattr(person.screen.fileno()) == before
    person.types("typed")  # the shell reads, and what is typed is on the screen
    person.sees("typed\r\nread typed")
    person.leaves()
    last = person.workspace.last_alive()
    time.sleep(max(0.0, last + 3.5 - time.time()))
    again = Person(root)
    shown = again.sees(PROMPT)
    assert "2 of 3 asked" in shown
    assert "requirements  known" in shown
    assert "1 of 3 used" in shown
    assert (root / "workspaces/tally-1/tally.py").is_file()
    events = again.workspace.events()
    paused, resumed = (
        next(e.at for e in events if e.kind == kind) for kind in ("paused", "resumed")
    )
    assert paused == pytest.approx(last, abs=0.01)
    assert resumed - paused >= 3
    again.screen.close(force=True)


def test_kill_9_while_grading(root: Path) -> None:
    """The graded run ends as well, with all that it began; the next prompt is where it was."""
    person = Person(root, in_shell=True)
    person.sees(PROMPT)
    person.types("requirements")
    person.sees(PROMPT)
    code = person.workspace.code(Topic("patterns", "tally"))
    code.write_text(SOLUTION.replace("self._n += n", "while True: pass"), encoding="utf-8")
    person.types("grade")
    person.sees("patterns/tally  ")
    drill = psutil.Process(_drill_process(person))
    running = drill.children(recursive=True)
    assert running
    drill.kill()
    person.sees("shell: 137")
    _, alive = psutil.wait_procs(running, timeout=LIMIT / 2)
    assert alive == []
    again = Person(root)
    assert "requirements  known" in again.sees(PROMPT)
    again.screen.close(force=True)
    person.screen.close(force=True)


def _drill_process(person: Person) -> int:
    """The child of the shell."""
    return int(psutil.Process(person.screen.pid).children()[0].pid)


def test_a_change_arrives_while_nobody_types(root: Path) -> None:
    """On the clock, at an idle prompt; then the end of the time; once each."""
    person = Person(root, "--minutes", "0.15")
    person.sees(r"(left|over)\] ")
    person.types("requirements")
    person.screen.send("sta")  # half a line is on the screen meanwhile
    person.sees("The interviewer comes back.*Negative numbers come in.")
    person.sees("Two tallies have to be added up.")
    person.sees("The time is up")
    person.sees(r"over\] ")
    person.types("tus")
    said = person.sees(r"over\] ")
    assert "2 arrived" in said
    assert "interviewer" not in said
    person.screen.close(force=True)


def test_single_commands_work_beside_the_prompt(person: Person) -> None:
    """From another terminal; a second prompt is refused; a finish ends the first."""
    other = Person(person.root, "ask", "3")
    assert "survive a restart" in other.sees("No.")
    assert other.leaves() == 0
    second = Person(person.root)
    second.sees("open at another prompt")
    assert second.leaves() == 2
    ending = Person(person.root, "finish")
    ending.sees("Scorecard")
    assert ending.leaves() == 0
    person.sees("the drill is finished")
    assert person.leaves() == 0


def test_lines_from_a_pipe(root: Path) -> None:
    """The same loop for a script: no prompt, no colour, paused at the end of the input."""
    topic = Topic("patterns", "tally", root)
    ran = subprocess.run(
        [sys.executable, "-m", "graders.kit", "drill", "tally"],
        cwd=root,
        env=environment(topic),
        input="ask 2\nrequirements\ngrade\nhnt\nhint",
        capture_output=True,
        text=True,
        check=False,
        timeout=LIMIT,
    )
    assert ran.returncode == 0, ran.stderr
    for said in ("the old value", "0 of 4 promises", "did you mean hint", "What is shared?"):
        assert said in ran.stdout
    assert ran.stdout.rstrip().endswith("paused: `nox -s drill` goes on from here")
    assert "left]" not in ran.stdout
    assert "\x1b" not in ran.stdout


def test_another_topic_is_another_drill(person: Person) -> None:
    """Which begins when this one has ended."""
    person.screen.sendintr()
    person.leaves()
    other = Person(person.root, "--minutes", "3")
    other.sees("tally-1 is still open")
    assert other.leaves() == 2
