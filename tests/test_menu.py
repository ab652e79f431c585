"""What a learner is told between two runs: how far, what next, and one hint at a time."""

import json
import shutil
from pathlib import Path

import pytest

from graders.kit import hints, menu
from graders.kit.catalogue import ROWS
from graders.kit.progress import hints_read, remember, standing
from graders.kit.topics import ROOT, Topic, discover, find
from graders.kit.verdict import Check, Verdict, Word


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """The contracts and briefs alone: progress is kept beside them."""
    for folder in ("contracts", "exercises"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    return tmp_path


def topic_in(house: Path) -> Topic:
    """The one that the tests look at."""
    return find(["observer"], house)[0]


def graded(house: Path, *words: Word) -> Topic:
    """The topic after a run with these verdicts, a promise each."""
    checks = [
        Check(f"c{n}", "patterns/observer", f"test_{n}", (f"P{n}",), "behaviour", "", "exercises", Verdict(word))
        for n, word in enumerate(words, 1)
    ]  # fmt: skip
    remember(checks, house)
    return topic_in(house)


def test_hints_come_one_at_a_time(house: Path) -> None:
    """Each once, the last of three says what is left; --all repeats only those that were read."""
    topic = topic_in(house)
    assert "no hint of observer read yet" in next(iter(hints.all_hints(topic)))
    first = list(hints.next_hint(topic))
    assert first[0] == "hint 1 of 3"
    assert list(hints.all_hints(topic)) == first
    second, third = list(hints.next_hint(topic)), list(hints.next_hint(topic))
    assert (second[0], third[0]) == ("hint 2 of 3", "hint 3 of 3")
    assert "you have read all 3 hints" in next(iter(hints.next_hint(topic)))
    assert list(hints.all_hints(topic)) == [*first, *second, *third]


def test_a_graded_run_does_not_forget_the_hints(house: Path) -> None:
    """Both are progress, and live in one file."""
    list(hints.next_hint(topic_in(house)))
    assert hints_read(graded(house, "pass", "fail")) == 1


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["not attempted", "not attempted"], "not attempted"),
        (["pass", "fail"], "1 of 2 promises"),
        (["pass", "inconclusive"], "1 of 2 promises"),
        (["fail", "blocked"], "0 of 2 promises"),
    ],
)
def test_the_menu_shows_the_standing(house: Path, words: list[Word], text: str) -> None:
    """Nothing but passes counts."""
    topic = graded(house, *words)
    assert str(standing(topic)) == text
    assert any("observer" in line and text in line for line in menu.lines(["observer"], house))


def test_green_says_when(house: Path) -> None:
    """The day of the last run."""
    found = standing(graded(house, "pass", "pass"))
    assert found is not None
    assert found.green
    assert str(found).startswith("green 20")


def test_what_is_next(house: Path) -> None:
    """What was begun before what was not; the first of the catalogue once that is green."""
    built = {topic.name for topic in discover(house)}
    first = next(name for _, name, _ in ROWS if name in built and name != "observer")
    graded(house, "pass", "fail")
    assert "next: nox -s grade -- observer " in "\n".join(menu.lines((), house))
    graded(house, "pass", "pass")
    text = "\n".join(menu.lines((), house))
    assert f"next: nox -s grade -- {first} " in text
    assert f"1 of them green ({100 // len(discover(house))} %)" in text
    assert "explain the trade-offs aloud" in text


@pytest.mark.parametrize("text", ["", "[]", "{", '{"patterns/observer": 7}', "\x00"])
def test_a_spoilt_file_is_no_progress(house: Path, text: str) -> None:
    """And no error: the next run writes it anew."""
    (house / "results").mkdir()
    (house / "results" / "progress.json").write_text(text, encoding="utf-8")
    assert standing(topic_in(house)) is None
    assert str(standing(graded(house, "pass", "fail"))) == "1 of 2 promises"
    assert json.loads((house / "results" / "progress.json").read_text(encoding="utf-8"))
