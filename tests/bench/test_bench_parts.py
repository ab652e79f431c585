"""The parts of the bench: figures and their words, what a contender says, records, comparisons, pictures."""

import json
import math
import random
import re
import threading
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from graders.kit.bench import clock, compare, record, words
from graders.kit.bench.chart import chart
from graders.kit.bench.document import document
from graders.kit.bench.figures import Ratio, rate, ratio, spread
from graders.kit.bench.line import Inbox, understood
from graders.kit.bench.record import Run
from graders.kit.bench.workload import FACTS, read_workload
from graders.kit.mistakes import Mistake
from graders.kit.topics import Topic, discover

EVIL = "<script>alert(1)</script>\x1b[31m"


def rounds(
    seconds: float, noise: float, seed: int, *, apart: float = 0.0, count: int = 20
) -> list[list[float]]:
    """Seconds of the rounds of three processes that lie some way apart, some of them much disturbed."""
    dice = random.Random(seed)
    luck = [math.exp(dice.gauss(0, apart)) for _ in range(3)]
    return [
        [seconds * each * math.exp(abs(dice.gauss(0, noise))) for _ in range(count)]
        for each in luck
    ]


def run(yours: dict[str, Any], **changed: Any) -> Run:
    """A run of one operation with a steady reference."""
    said = {"yours": yours, "reference": measured(rounds(1e-3, 0.02, 1))}
    facts: dict[str, Any] = {
        "topic": "patterns/tally",
        "when": "2026-01-01T00-00-00",
        "impl": "exercises",
        "contenders": [{"name": name, "spec": name, "note": EVIL} for name in said],
        "missing": [f"Nobodys: {EVIL}"],
        "workload": dict.fromkeys(FACTS, "one"),
        "texts": {"test_add": "Add."},
        "machine": {"machine": "a machine", "python": "CPython 3.11.7"},
        "marks": {"workload": "1", "reference": "1", "yours": "1"},
        "operations": {"test_add": said},
    }
    return Run(**{**facts, **changed})


def measured(rounds: list[list[float]]) -> dict[str, Any]:
    """What a contender says that has figures."""
    return {"rounds": rounds, "calls": 1, "operations": 1_000, "sleep": True}


@pytest.mark.parametrize("noise", [0.0, 0.1, 0.4])
def test_the_same_is_no_difference(noise: float) -> None:
    """Whatever the machine does beside it."""
    for seed in range(200):
        found = ratio(rounds(1, noise, seed), rounds(1, noise, -1 - seed))
        assert found.word == "no measurable difference"


@pytest.mark.parametrize(("times", "word"), [(2.0, "slower"), (0.5, "faster")])
def test_twice_the_time_is_a_difference(times: float, word: str) -> None:
    """Also between two noisy runs, each against its own reference."""
    for seed in range(200):
        after = ratio(rounds(times, 0.3, seed), rounds(1, 0.3, -1 - seed))
        before = ratio(rounds(3.0, 0.3, 7 + seed), rounds(3.0, 0.3, -8 - seed))
        assert (after / before).word == word


def test_one_process_that_is_out_of_line_has_no_say() -> None:
    """One in a hundred is slower in everything, by 40 %."""
    for odd in range(3):
        mine = rounds(2, 0.05, odd)
        mine[odd] = [seconds * 1.4 for seconds in mine[odd]]
        found = ratio(mine, rounds(1, 0.05, 7))
        assert found.times == pytest.approx(0.5, rel=0.1)
        assert found.sees < 1.5


def test_processes_that_differ_are_no_difference_of_the_code() -> None:
    """Where things lie in memory makes 4 % now and then; two runs have eight processes in them."""
    words_ = []
    for seed in range(400):
        runs = [rounds(1, 0.05, 4 * seed + n, apart=0.04) for n in range(4)]
        words_.append((ratio(runs[0], runs[1]) / ratio(runs[2], runs[3])).word)
    assert words_.count("no measurable difference") >= 399


def test_little_is_never_called_a_difference() -> None:
    """19 % may be where the code lies in memory; 21 % without noise is one."""
    assert ratio([[1.0] * 40], [[1.19] * 40]).word == "no measurable difference"
    assert ratio([[1.0] * 40], [[1.21] * 40]).word == "faster"
    assert ratio([[1.0]], [[5.0]]).word == "no measurable difference"


def test_rates_and_spreads() -> None:
    """Operations a second in the round in the middle; half the width of the middle half."""
    assert rate([[0.5, 0.001], [0.002]], 1_000) == 500_000
    assert spread([[1.0, 2.0, 3.0], [4.0, 5.0]]) == pytest.approx(1 / 3)
    assert spread([[1.0]]) == math.inf


@pytest.mark.parametrize(
    ("value", "text"),
    [(1_234_567, "1,230,000"), (999.7, "1,000"), (12.34, "12.3"), (0.01234, "0.0123"), (0, "-")],
)
def test_a_rate_has_three_digits_that_count(value: float, text: str) -> None:
    """More would be noise."""
    assert words.number(value) == text


def test_a_noisy_measurement_says_so() -> None:
    """A doubling that could not be seen is no news that nothing has changed."""
    assert "too noisy, measure both again" in words.change(Ratio(0.0, 0.5))
    assert words.change(Ratio(0.0, 0.01)) == "no measurable difference (under 20 %)"
    assert words.change(Ratio(-0.693147, 0.01)) == "slower: takes 2.00 times as long as before"


@pytest.mark.skipif(not clock.SLEEP_COUNTS, reason="only Linux says how long a thread waited")
def test_sleep_counts_and_computing_counts_once() -> None:
    """A call that sleeps is no fast call, though it takes no CPU time."""
    clock.choose()
    assert clock.counts_sleep() is (threading.active_count() == 1)
    began = clock.seconds()
    threading.Event().wait(0.05)
    slept = clock.seconds() - began
    assert slept >= 0.049 or not clock.counts_sleep()


@pytest.mark.parametrize(
    "said",
    [
        {"seconds": []},
        {"seconds": [1.0, "2"]},
        {"seconds": [float("nan")]},
        {"seconds": [-1.0]},
        {"seconds": {"a": 1}},
        {"seconds": [1.0], "calls": True},
        {"seconds": [1.0], "operations": 0},
        {"failed": EVIL, "why": "x" * 10_000},
    ],
)
def test_nonsense_is_an_error(said: dict[str, Any]) -> None:
    """The process that speaks runs a learner's code."""
    found = understood({"op": "test_add", "calls": 1, "operations": 1, **said})
    assert found["failed"] == "error"
    assert len(found["why"]) <= 400


def test_the_inbox_drops_what_is_no_object() -> None:
    """Lines arrive in pieces; noise between them is dropped."""
    inbox = Inbox()
    assert list(inbox.read(b'{"a": 1}\n{"b"')) == [{"a": 1}]
    assert list(inbox.read(b': 2}\nnoise\n[1]\n{"c": 3}\n')) == [{"b": 2}, {"c": 3}]


def test_a_run_is_kept_and_recalled(tmp_path: Path) -> None:
    """The newest, or one by name; two runs of one second have names of their own."""
    topic = Topic("patterns", "tally", tmp_path)
    assert record.recall(topic) is None
    first = run(measured(rounds(1e-3, 0.1, 2)))
    record.keep(topic, first)
    assert record.recall(topic) == first
    record.keep(topic, run(measured([[1.0]]), when="2026-01-02T00-00-00"))
    assert record.recall(topic, first.when) == first
    with pytest.raises(Mistake, match="did you mean 2026-01-0"):
        record.recall(topic, "2026-01-03T00-00-00")


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"topic": 1}'])
def test_a_broken_record_is_a_mistake(tmp_path: Path, text: str) -> None:
    """One line that names the file."""
    topic = Topic("patterns", "tally", tmp_path)
    path = record.keep(topic, run(measured([[1.0]])))
    path.write_text(text, encoding="utf-8")
    with pytest.raises(Mistake, match="delete it and measure anew"):
        record.recall(topic)


def test_a_change_is_reckoned_against_the_reference() -> None:
    """The machine is three times as slow now: only what is beyond that has changed."""
    then = run(measured(rounds(1e-3, 0.02, 2)))
    slow = {"yours": measured(rounds(6e-3, 0.02, 3)), "reference": measured(rounds(3e-3, 0.02, 4))}
    same = {**slow, "yours": measured(rounds(3e-3, 0.02, 5))}
    [(op, text)] = compare.changes(run({}, operations={"test_add": slow}), then)
    assert op == "add"
    assert re.match(r"slower: takes (1.9|2.0)", text)
    [(_, text)] = compare.changes(run({}, operations={"test_add": same}), then)
    assert text.startswith("no measurable difference")


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        (
            {"marks": {"workload": "2", "reference": "1", "yours": "1"}},
            "the bench file has changed",
        ),
        ({"marks": {"workload": "1", "reference": "2", "yours": "1"}}, "the reference has changed"),
        ({"machine": {"machine": "a machine", "python": "CPython 3.13.0"}}, "CPython 3.13.0"),
    ],
)
def test_what_cannot_be_compared_is_not(changed: dict[str, Any], says: str) -> None:
    """Another workload, reference, machine or Python."""
    then = run(measured([[1.0]]))
    [(_, text)] = compare.changes(run(measured([[1.0]]), **changed), then)
    assert says in text


def test_no_figure_no_comparison() -> None:
    """It says which run has none, and why."""
    stopped = {"failed": "stopped", "why": "stopped: it hung"}
    [(_, text)] = compare.changes(run(stopped), run(measured([[1.0]])))
    assert text == "no figure in this run (stopped)"


@pytest.mark.parametrize(
    "yours",
    [
        measured([[1.0, 2.0]]),
        {"failed": "error", "why": EVIL},
        {"failed": "not attempted", "why": ""},
    ],
)
def test_the_picture_and_the_page_are_whole(yours: dict[str, Any]) -> None:
    """Well-formed SVG; a page that loads nothing; text as text; the terminal's codes gone."""
    shown = run(yours, impl=EVIL)
    ET.fromstring(chart(shown, alone=True))  # noqa: S314 - it was made here
    text = document(shown, EVIL, [("add", EVIL)])
    assert "<script" not in text
    assert "\x1b" not in text
    assert not any(word in text for word in ("<link", "https://", "@import", "src="))


def test_a_record_is_plain_json(tmp_path: Path) -> None:
    """Every round is in it, so that others can reckon differently."""
    path = record.keep(Topic("patterns", "tally", tmp_path), run(measured([[1.0, 2.0]])))
    data = json.loads(path.read_text(encoding="utf-8"))
    assert data["operations"]["test_add"]["yours"]["rounds"] == [[1.0, 2.0]]


@pytest.mark.parametrize("topic", discover(), ids=lambda topic: topic.id)
def test_every_bench_states_its_workload(topic: Topic) -> None:
    """Sizes, keys, mix and threads, and a sentence for each operation."""
    workload = read_workload(topic)
    assert tuple(workload.facts) == FACTS
    assert all(workload.facts.values())
    assert workload.texts
    assert all(workload.texts.values())
