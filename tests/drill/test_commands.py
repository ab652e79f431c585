"""A drill by single commands, on a clock that is set by hand."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from graders.kit.drill import commands, store
from graders.kit.drill.grading import environment
from graders.kit.interview import STEPS
from graders.kit.mistakes import Mistake
from graders.kit.stubs import stub_for
from graders.kit.topics import ROOT, find
from tests.drill.house import BRIEF, SOLUTION, WORKSHEET, House, files


@pytest.fixture
def house(tmp_path: Path) -> House:
    """A kata that can be drilled."""
    return House(tmp_path / "house")


def test_it_opens_with_the_story_only(house: House) -> None:
    """Questions without answers; no requirement, no hint, no promise, no stub."""
    said = house.run("start tally")
    assert "counts visitors at three doors" in said
    assert "2  May it be reset?" in said
    for later in ("the old value comes back", "in whichever thread", "What is shared", "P1"):
        assert later not in said
    assert not (house.workspace.folder / "tally.py").exists()


def test_answers_are_revealed_as_they_are_asked(house: House) -> None:
    """By number, several at once, again for nothing."""
    house.run("start")
    said = house.run("ask 2 1")
    assert "the old value comes back" in said
    assert "Any number of them" in said
    assert "survive" not in said
    house.run("ask 2 2")
    assert house.drill.asked == (2, 1)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("ask 4", "numbered 1 to 3"),
        ("ask 0", "numbered 1 to 3"),
        ("ask 1 9", "numbered 1 to 3"),
        ("ask", "required: N"),
        ("ask two", "invalid int value"),
        ("grade", "nothing to grade yet"),
        ("start", "tally-1 is still open"),
        ("scorecard", "still open"),
        ("assess 1 1 1 1 1 1 1", "`finish` it first"),
        ("hint now", "'now' is too much"),
        ("finish --nograde", "unrecognized"),
    ],
)
def test_a_mistake_changes_nothing(house: House, line: str, says: str) -> None:
    """It is one line that says the repair."""
    house.run("start")
    before = files(house.root)
    with pytest.raises(Mistake) as caught:
        house.run(line)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)
    assert files(house.root, but=["lock", "prompt"]) == {
        name: data for name, data in before.items() if Path(name).name not in {"lock", "prompt"}
    }


@pytest.mark.parametrize("line", ["ask 1", "hint", "requirements", "finish", "status", "resume"])
def test_nothing_to_go_on_with(house: House, line: str) -> None:
    """Without a drill, each command says how to begin one."""
    with pytest.raises(Mistake, match="`nox -s drill` begins one"):
        house.run(line)


@pytest.mark.parametrize("minutes", ["0", "-3", "nan", "inf", "ten", "1e9"])
def test_minutes_are_a_number(house: House, minutes: str) -> None:
    """Of minutes that a person has."""
    with pytest.raises(Mistake, match="invalid number of minutes value"):
        house.run(f"start --minutes={minutes}")
    assert not (house.root / "workspaces").exists()


def test_the_stub_comes_with_the_requirements(house: House) -> None:
    """The contract's stub; what it says about grading is the drill's; the brief is not named."""
    house.run("start")
    said = house.run("requirements")
    assert "in whichever thread (P2)" in said
    assert "workspaces/tally-1/tally.py" in said
    code = (house.workspace.folder / "tally.py").read_text(encoding="utf-8")
    topic = find(["tally"], house.root)[0]
    assert code == stub_for(topic, "A drill: grade it with nox -s drill -- grade")
    assert "raise NotImplementedError" in code
    assert "tally.md" not in code


def test_work_is_never_overwritten(house: House) -> None:
    """Asking for the requirements again, resuming, grading: the file stays as it is."""
    house.run("start")
    house.run("requirements")
    house.write("mine = True\n")
    house.run("requirements")
    house.run("pause")
    house.run("resume")
    house.run("grade")
    assert (house.workspace.folder / "tally.py").read_text(encoding="utf-8") == "mine = True\n"


def test_the_exercise_is_not_touched(house: House) -> None:
    """Nothing outside workspaces/ changes; the next drill has a folder of its own."""
    stub = house.root / "exercises/patterns/tally.py"
    stub.write_text("my own work\n", encoding="utf-8")
    before = files(house.root, but=["workspaces", "__pycache__"])
    for number in (1, 2):
        house.run("start")
        house.run("requirements")
        house.write(SOLUTION)
        house.run("grade")
        house.run("finish")
        assert house.workspace.folder.name == f"tally-{number}"
    assert files(house.root, but=["workspaces", "__pycache__"]) == before
    first = house.root / "workspaces/tally-1/tally.py"
    assert first.read_text(encoding="utf-8") == SOLUTION


def test_every_drill_hands_out_a_worksheet(house: House) -> None:
    """The seven steps to fill in, from the first moment on; `status` says where it is."""
    said = house.run("start")
    sheet = house.workspace.folder / "worksheet.md"
    assert "workspaces/tally-1/worksheet.md" in said
    assert sheet.read_text(encoding="utf-8") == WORKSHEET
    assert "  worksheet     workspaces/tally-1/worksheet.md" in house.run("status").splitlines()


def test_a_worksheet_that_was_filled_in_stays(house: House) -> None:
    """Whatever is done; the next drill has a fresh one, and one that was thrown away stays away."""
    house.run("start")
    sheet = house.workspace.folder / "worksheet.md"
    sheet.write_text("ten users", encoding="utf-8")
    for line in ("requirements", "pause", "resume", "status", "show", "finish --no-grade"):
        house.run(line)
    assert sheet.read_text(encoding="utf-8") == "ten users"
    house.run("start")
    fresh = house.workspace.folder / "worksheet.md"
    assert fresh.parent.name == "tally-2"
    assert fresh.read_text(encoding="utf-8") == WORKSHEET
    fresh.unlink()
    house.run("requirements")
    assert "worksheet" not in house.run("status")
    assert not fresh.exists()


def test_a_drill_begins_without_a_worksheet(house: House) -> None:
    """Who removed it from the exercises has none; who spoilt its letters has what can be read."""
    source = house.root / "exercises" / "worksheet.md"
    source.unlink()
    assert "worksheet" not in house.run("start")
    house.run("finish --no-grade")
    source.write_bytes(b"mine \xff")
    house.run("start")
    sheet = house.workspace.folder / "worksheet.md"
    assert sheet.read_text(encoding="utf-8") == "mine \ufffd"


def test_the_worksheet_has_the_seven_steps() -> None:
    """Under the names and in the order of a brief."""
    headings = re.findall(r"^## (\d\. .+) \(\d+ minutes\)$", WORKSHEET, re.MULTILINE)
    assert tuple(headings) == STEPS


def test_a_folder_of_the_same_name_is_left_alone(house: House) -> None:
    """Whatever somebody keeps in workspaces/."""
    mine = house.root / "workspaces" / "tally-1" / "notes.txt"
    mine.parent.mkdir(parents=True)
    mine.write_text("mine", encoding="utf-8")
    house.run("start")
    assert house.workspace.folder.name == "tally-2"
    assert [path.name for path in mine.parent.iterdir()] == ["notes.txt"]


def test_changes_arrive_on_the_clock(house: House) -> None:
    """At the next command after their minute, once; all that are due together."""
    house.run("start")
    house.run("requirements")
    assert "interviewer" not in house.run("status", minutes=3.9)
    said = house.run("status", minutes=0.2)
    assert "Negative numbers" in said
    assert "Two tallies" not in said
    assert "Negative numbers" not in house.run("status")
    assert "Two tallies have to be added up" in house.run("hint", minutes=4)


def test_changes_that_are_due_together_are_said_together(house: House) -> None:
    """And once, after a long silence."""
    house.run("start")
    house.run("requirements")
    said = house.run("ask 1", minutes=9)
    assert said.index("Negative numbers") < said.index("Two tallies") < said.index("Any number")
    assert house.run("ask 2").count("interviewer") == 0


def test_a_shorter_drill_has_its_changes_earlier(house: House) -> None:
    """Minute 4 of 10 is minute 2 of 5."""
    house.run("start --minutes 5")
    house.run("requirements")
    assert "Negative numbers" in house.run("status", minutes=2.1)


def test_nothing_changes_before_the_requirements_are_known(house: House) -> None:
    """What is overdue arrives right after them."""
    house.run("start")
    assert "Negative" not in house.run("status", minutes=5)
    said = house.run("requirements")
    assert said.index("in whichever thread") < said.index("Negative numbers")


def test_the_end_of_the_time_is_said_once(house: House) -> None:
    """And the countdown shows how much it is over."""
    house.run("start")
    assert "The time is up (10:00)" in house.run("status", minutes=10.5)
    said = house.run("status", minutes=1)
    assert "The time is up" not in said
    assert "11:30 of 10:00, 1:30 over" in said


def test_the_clock_stands_while_paused(house: House) -> None:
    """No time passes, nothing arrives, nothing but looking is possible."""
    house.run("start")
    house.run("requirements", minutes=1)
    assert "1:00 of 10:00, 9:00 left, paused" in house.run("pause")
    said = house.run("status", minutes=600)
    assert "1:00 of 10:00, 9:00 left, paused" in said
    assert "interviewer" not in said
    for line in ("ask 1", "hint", "requirements", "grade"):
        with pytest.raises(Mistake, match="paused: `nox -s drill -- resume`"):
            house.run(line)
    assert "2:00 of 10:00" in house.run("resume", minutes=5) + house.run("status", minutes=1)


def test_a_clock_that_is_set_back_takes_nothing_away(house: House) -> None:
    """The countdown stands until the clock has caught up."""
    house.run("start")
    house.run("pause", minutes=2)
    house.run("resume")
    assert "2:00 of 10:00" in house.run("status", minutes=-60)


def test_hints_are_told_one_after_the_other(house: House) -> None:
    """Until there are none."""
    house.run("start")
    assert [house.run("hint")[:6] for _ in range(3)] == ["hint 1", "hint 2", "hint 3"]
    with pytest.raises(Mistake, match="no further hint"):
        house.run("hint")


def test_everything_that_was_told_can_be_read_again(house: House) -> None:
    """And nothing else."""
    house.run("start")
    house.run("ask 3")
    house.run("requirements")
    house.run("hint")
    house.run("status", minutes=5)
    said = house.run("show")
    for told in (
        "three doors",
        "restart?",
        "No.",
        "whichever thread",
        "What is shared?",
        "Negative",
    ):
        assert told in said
    for untold in ("the old value", "One lock.", "Two tallies"):
        assert untold not in said


def test_a_graded_run_is_an_ordinary_one(house: House, capfd: pytest.CaptureFixture[str]) -> None:
    """Its report is on the terminal, its results.json in the workspace, the promises in the log."""
    house.run("start")
    house.run("requirements")
    assert "0 of 4 promises hold, graded at 1:00" in house.run("grade", minutes=1)
    assert house.code == 1
    assert "not attempted yet" in capfd.readouterr().out
    house.write(SOLUTION)
    assert "4 of 4 promises hold, graded at 3:00" in house.run("grade", minutes=2)
    assert house.code == 0
    assert "all 6 checks pass" in capfd.readouterr().out
    assert '"word": "pass"' in house.workspace.results.read_text(encoding="utf-8")


def test_a_package_beside_the_stub_is_what_is_graded(
    house: House, capfd: pytest.CaptureFixture[str]
) -> None:
    """A solution that has outgrown one file; a change of any of its modules is graded at the end."""
    house.run("start")
    house.run("requirements")
    package = house.workspace.folder / "tally"
    package.mkdir()
    (package / "__init__.py").write_text("from .counting import Tally\n", encoding="utf-8")
    (package / "counting.py").write_text(SOLUTION, encoding="utf-8")
    assert "your file     workspaces/tally-1/tally\n" in house.run("status") + "\n"
    assert "4 of 4 promises hold" in house.run("grade", minutes=1)
    (package / "counting.py").write_text(SOLUTION.replace("+= n", "-= n"), encoding="utf-8")
    assert "a last grade" in house.run("finish", minutes=1)
    assert "all 6 checks pass" in capfd.readouterr().out
    last = house.drill.counted
    assert last is not None
    assert len(last.held) < 4


def test_a_run_on_a_leash_ends_as_any_other() -> None:
    """With its own exit code, however often its timer rings: also while the interpreter ends."""
    code = (
        (ROOT / "graders/kit/drill/leash.py").read_text(encoding="utf-8").replace("1.0", "0.0005")
    )
    for _ in range(10):
        ran = subprocess.run(
            [sys.executable, "-c", code, str(os.getpid()), "stubs", "nothing_like_it"],
            env=environment(find(["cache"])[0]),
            capture_output=True,
            check=False,
        )
        assert ran.returncode == 2, ran.stderr


def test_a_pause_during_a_run_loses_no_grade(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody pauses in another terminal; the grade counts from when it was asked for."""
    house.run("start")
    house.run("requirements")

    def grade(*_: object) -> dict[str, object]:
        house.run("pause", minutes=2)
        return {"held": ["P1"], "kinds": {"behaviour": [1, 2]}, "open": [], "digest": ""}

    monkeypatch.setattr(commands, "grade", grade)
    assert "1 of 4 promises hold" in house.run("grade", minutes=1)
    assert house.drill.counted is not None
    assert not house.drill.running


def test_a_run_that_does_not_end_counts_nothing(house: House) -> None:
    """A grader that cannot be collected: one line, and the last grade stays."""
    house.run("start")
    house.run("requirements")
    checks = house.root / "graders/patterns/tally/test_tally.py"
    checks.write_text("import nothing_of_this_name\n", encoding="utf-8")
    with pytest.raises(Mistake, match="nothing was counted"):
        house.run("grade")
    assert house.drill.grades == ()
    house.write(SOLUTION)
    with pytest.raises(Mistake, match="finish --no-grade"):
        house.run("finish")
    house.run("finish --no-grade")
    assert house.drill.finished is not None


def test_a_broken_brief_is_known_before_a_folder_is_made(house: House) -> None:
    """One line that names the file."""
    brief = house.root / "exercises/patterns/tally.md"
    brief.write_text(BRIEF.replace("## Hints", "## Hint"), encoding="utf-8")
    with pytest.raises(Mistake, match=r"exercises/patterns/tally\.md"):
        house.run("start")
    assert not (house.root / "workspaces").exists()


def test_a_paused_drill_can_be_finished(house: House) -> None:
    """It ends where it stood."""
    house.run("start")
    house.run("pause", minutes=3)
    assert "3:00 of 10:00 used" in house.run("finish", minutes=99)
    with pytest.raises(Mistake, match="no drill is open"):
        house.run("finish")


def test_an_unreadable_log_is_named_and_left_alone(house: House) -> None:
    """Nobody repairs it by overwriting."""
    house.run("start")
    log = house.workspace.log
    log.write_text('{"schema": 1, "events": [{"kind"', encoding="utf-8")
    with pytest.raises(Mistake, match=r"tally-1/\.drill/log\.json cannot be read"):
        house.run("status")
    assert "cannot be read" in house.run("history")
    assert log.read_text(encoding="utf-8").endswith('"kind"')
    house.run("start")
    assert store.current(house.root) == store.Workspace(house.root / "workspaces/tally-2")
