"""`nox -s run`: every topic shows something with any implementation; services start, answer and stop."""

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from graders.kit.http import request
from graders.kit.stubs import stub_for
from graders.kit.topics import ROOT, Topic, discover

SERVICES = [
    topic.name
    for topic in discover()
    if "def app(" in (topic.grader / "scene.py").read_text("utf-8")
]
PLAYED = [topic for topic in discover() if topic.name not in SERVICES]


def command(*arguments: str) -> list[str]:
    """As the session calls it."""
    return [sys.executable, "-m", "graders.kit", "run", *arguments]


def play(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run it to its end."""
    return subprocess.run(
        command(*arguments),
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )


def environment() -> dict[str, str]:
    """As the session has it."""
    return {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONSAFEPATH": "1"}


@contextmanager
def served(name: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A running service and its address."""
    process = subprocess.Popen(
        command(name, "--impl", "solutions", "--port", "0"),
        cwd=ROOT,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        found = re.search(r"http://127\.0\.0\.1:\d+", line)
        assert found, line
        yield process, found[0]
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("topic", PLAYED, ids=lambda topic: topic.id)
def test_a_scene_plays(topic: Topic) -> None:
    """With the reference it comes to its end and says something."""
    ran = play(topic.name, "--impl", "solutions")
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.count("\n") >= 8


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["ctrl-c", "sigterm"])
@pytest.mark.parametrize("name", SERVICES)
def test_a_service_answers_and_stops(name: str, number: signal.Signals) -> None:
    """It says what to type, answers a real client, and ends cleanly."""
    with served(name) as (process, url):
        host, _, port = url.removeprefix("http://").partition(":")
        assert request((host, int(port)), "GET", "/").status in {200, 401, 404}
        process.send_signal(number)
        assert process.stdout is not None
        rest = process.stdout.read()
        assert process.wait(30) == 0, rest
        assert "curl" in rest
        assert rest.endswith("stopped\n")


@pytest.mark.parametrize("name", SERVICES)
def test_what_it_says_to_type_works(name: str) -> None:
    """Each line is for a shell, and reaches the service."""
    with served(name) as (process, url):
        assert process.stdout is not None
        first = process.stdout.readline().strip()
        assert first.startswith("curl ")
        assert url in first
        assert "{url" not in first
        assert "{{" not in first


@pytest.mark.parametrize("topic", discover(), ids=lambda topic: topic.id)
def test_a_stub_is_not_written_yet(topic: Topic, tmp_path: Path) -> None:
    """One line, no traceback."""
    stub = tmp_path / f"{topic.name}.py"
    stub.write_text(stub_for(topic), encoding="utf-8")
    ran = play(topic.name, "--impl", str(stub))
    assert ran.returncode == 1
    assert ran.stderr == f"not written yet: {stub} (try --impl solutions)\n"


def test_an_exception_is_shown(tmp_path: Path) -> None:
    """The learner's own traceback, made harmless for a terminal."""
    (tmp_path / "observer.py").write_text("raise RuntimeError('\\x1b[2J')\n", encoding="utf-8")
    ran = play("observer", "--impl", str(tmp_path / "observer.py"))
    assert ran.returncode == 1
    assert "RuntimeError: \\x1b[2J" in ran.stderr
    assert "\x1b" not in ran.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["observer", "--port", "1"], "patterns/observer is no service: leave --port away"),
        (["cache", "--impl", "solutions", "--port", "70000"], "port 70000 is none"),
        (["patterns"], "'patterns' is a chapter: name one topic"),
        (["cache", "--impl", "nowhere.py"], "neither one of exercises"),
        (["cahce"], "did you mean"),
    ],
)
def test_bad_input_is_one_line(arguments: list[str], said: str) -> None:
    """The mistake and the repair."""
    ran = play(*arguments)
    assert (ran.returncode, ran.stderr.count("\n")) == (2, 1), ran.stderr
    assert said in ran.stderr


def test_a_port_in_use_is_one_line() -> None:
    """And the repair."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ran = play("cache", "--impl", "solutions", "--port", str(taken.getsockname()[1]))
    assert ran.returncode == 2
    assert ran.stderr.rstrip().endswith("is in use: --port 0 takes a free one")
