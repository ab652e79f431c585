"""The speed beside the reference: same code is no difference, slow code is slower, trouble is no figure."""

from pathlib import Path

import pytest

from graders.kit.bench import race, racer
from graders.kit.drill import speed
from graders.kit.drill.speed import Speed, Workload, measure
from graders.kit.topics import Topic
from tests.drill.house import SLOW, SOLUTION, build


@pytest.fixture
def topic(tmp_path: Path) -> Topic:
    """The kata with its bench file."""
    return Topic("patterns", "tally", build(tmp_path / "house"))


def put(topic: Topic, text: str) -> Path:
    """A file with that code."""
    path = topic.root / "mine.py"
    path.write_text(text, encoding="utf-8")
    return path


def test_slow_code_is_slower(topic: Topic) -> None:
    """By the workloads of the topic's bench file, in turns with the reference."""
    measured = measure(topic, put(topic, SLOW))
    assert [each.name for each in measured.workloads] == ["adding"], measured.why
    assert measured.workloads[0].times < 0.67
    assert "times the reference's time" in measured.lines()[0]


def test_the_same_code_is_about_as_fast(topic: Topic) -> None:
    """The ratio is near 1, whatever else the machine does."""
    assert 0.5 < measure(topic, put(topic, SOLUTION)).workloads[0].times < 2


def test_what_cannot_be_measured_says_why(topic: Topic, monkeypatch: pytest.MonkeyPatch) -> None:
    """Code that fails, code that does not end, no library, no bench file."""
    assert "Error" in measure(topic, put(topic, "class Tally: pass\n")).why
    monkeypatch.setattr(racer, "LIMIT", 1.0)
    monkeypatch.setattr(race, "PROCESSES", 1)
    assert measure(topic, put(topic, "while True: pass\n")).why
    monkeypatch.setattr(speed, "find_spec", lambda _: None)
    assert "not installed" in measure(topic, put(topic, SOLUTION)).why
    (topic.grader / "bench_tally.py").unlink()
    assert measure(topic, put(topic, SOLUTION)).lines() == [
        "not measured: the topic has no bench file"
    ]


@pytest.mark.parametrize(
    ("times", "word", "words"),
    [
        (1.05, "no measurable difference", "no measurable difference"),
        (0.625, "slower", "1.60 times the reference's time"),
        (2.0, "faster", "2.00 times as fast as the reference"),
    ],
)
def test_it_is_said_in_words(times: float, word: str, words: str) -> None:
    """The verdict is bench's; the scorecard says how much."""
    assert Workload("adding", times, word).words == words


def test_it_survives_the_log() -> None:
    """To JSON and back."""
    for each in (Speed((Workload("a", 1.5, "faster"),)), Speed(why="so")):
        assert Speed.from_dict(each.to_dict()) == each
