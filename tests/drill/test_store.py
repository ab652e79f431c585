"""The log on disk: whole whatever dies, right whoever writes at the same time."""

import json
import multiprocessing
import subprocess
import sys
import time
from pathlib import Path

import pytest

from graders.kit.drill.desk import ASLEEP, open_desk
from graders.kit.drill.events import Event
from graders.kit.drill.files import create
from graders.kit.drill.store import Workspace
from graders.kit.mistakes import Mistake
from tests.drill.house import House

WRITER = """
import sys
from pathlib import Path
from graders.kit.drill.events import Event
from graders.kit.drill.store import Workspace
workspace = Workspace(Path(sys.argv[1]))
print("writing", flush=True)
for number in range(10**9):
    workspace.apply(lambda drill: [Event("asked", drill.started + 1, {"number": len(drill.asked)})])
"""
HOLDER = """
import sys
from pathlib import Path
from graders.kit.drill.store import Workspace
with Workspace(Path(sys.argv[1])).attended():
    print("holding", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def house(tmp_path: Path) -> House:
    """A drill that has begun."""
    house = House(tmp_path / "house")
    house.run("start")
    return house


def begun(code: str, workspace: Workspace) -> "subprocess.Popen[str]":
    """A process that runs the code; it has said its first word."""
    command = [sys.executable, "-c", code, str(workspace.folder)]
    pipe = subprocess.PIPE
    process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True)
    assert process.stdout is not None
    assert process.stdout.readline()
    return process


def test_a_log_is_whole_after_kill_9(house: House) -> None:
    """Killed at ten moments while it writes without a pause: no event is lost or half there."""
    workspace, seen = house.workspace, 0
    for number in range(10):
        with begun(WRITER, workspace) as process:
            while len(workspace.drill().asked) <= seen:
                time.sleep(0.001 * number)
            process.kill()
        asked = workspace.drill().asked
        assert asked == tuple(range(len(asked)))
        assert len(asked) > seen
        seen = len(asked)


def _ask(folder: Path, times: int) -> None:
    for _ in range(times):
        Workspace(folder).apply(
            lambda drill: [Event("asked", drill.started, {"number": len(drill.asked)})]
        )


def test_commands_at_the_same_time_lose_nothing(house: House) -> None:
    """Four processes write 25 events each."""
    folder = house.workspace.folder
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=_ask, args=(folder, 25)) for _ in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert house.drill.asked == tuple(range(100))


def test_one_prompt_at_a_time(house: House) -> None:
    """A second one is a mistake as long as the first lives; kill -9 ends that."""
    with begun(HOLDER, house.workspace) as process:
        assert house.workspace.is_attended
        with pytest.raises(Mistake, match="another prompt"), house.workspace.attended():
            pass
        process.kill()
    assert not house.workspace.is_attended


def test_a_prompt_that_died_stopped_the_clock_when_it_was_last_alive(house: House) -> None:
    """The time from its last sign of life until somebody goes on is a pause."""
    desk = open_desk(house.room)
    with begun(HOLDER, house.workspace) as process:
        desk.act(lambda _, now: [Event("attached", now)])
        house.now += 120
        house.workspace.beat(house.now)
        process.kill()
    assert "2:00 of 10:00, 8:00 left, paused" in house.run("status", minutes=300)
    assert "2:00 of 10:00, 8:00 left" in house.run("resume", minutes=300)


def test_single_commands_leave_the_clock_running(house: House) -> None:
    """Between them there is no process that could die."""
    house.run("ask 1", minutes=2)
    assert "5:00 of 10:00, 5:00 left" in house.run("status", minutes=3).splitlines()[1]


def test_a_prompt_that_slept_did_not_use_time(house: House) -> None:
    """A closed lid: no sign of life for more than a minute, then it goes on."""
    desk = open_desk(house.room)
    with house.workspace.attended():
        desk.act(lambda _, now: [Event("attached", now)])
        house.workspace.beat(house.now)
        house.now += ASLEEP - 1
        desk.woke()
        house.now += 3_600
        desk.woke()
        assert house.drill.elapsed(house.now) == ASLEEP - 1
        assert house.drill.attended


@pytest.mark.parametrize(
    "log",
    [
        "",
        "[]",
        '{"schema": 2, "events": []}',
        '{"schema": 1, "events": []}',
        '{"schema": 1, "events": [{"kind": "asked", "at": 1, "data": {}}]}',
        '{"schema": 1, "events": [{"kind": "started", "at": 1, "data": {}}]}',
        '{"schema": 1, "events": [{"kind": "started", "at": "1", "data": {}}]}',
        '{"schema": 1, "events": [{"kind": "exploded", "at": 1, "data": {}}]}',
        "\x00\xff",
    ],
)
def test_what_is_no_log_is_a_mistake(house: House, log: str) -> None:
    """One line, no traceback, and the file stays as it is."""
    house.workspace.log.write_text(log, encoding="latin-1")
    workspace = Workspace(house.root / "workspaces" / "tally-1")
    with pytest.raises(Mistake, match="cannot be read") as caught:
        workspace.drill()
    assert "\n" not in str(caught.value)
    assert workspace.log.read_text(encoding="latin-1") == log


def test_a_file_that_is_there_is_not_created_anew(tmp_path: Path) -> None:
    """Nor is a link that leads nowhere, and nothing is left beside it."""
    (tmp_path / "mine.py").write_text("mine", encoding="utf-8")
    (tmp_path / "link.py").symlink_to(tmp_path / "nowhere")
    assert not create(tmp_path / "mine.py", "stub")
    assert not create(tmp_path / "link.py", "stub")
    assert create(tmp_path / "new.py", "stub")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link.py", "mine.py", "new.py"]
    assert (tmp_path / "mine.py").read_text(encoding="utf-8") == "mine"


def test_the_log_is_json_that_others_can_read(house: House) -> None:
    """Schema, and events with kind, time and data."""
    house.run("ask 2")
    log = json.loads(house.workspace.log.read_text(encoding="utf-8"))
    assert log["schema"] == 1
    assert [event["kind"] for event in log["events"]] == ["started", "asked"]
