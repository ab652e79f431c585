"""The scorecard: what it counts, what it says, as text and as a page."""

import re
from pathlib import Path

import pytest

from graders.kit.drill.card import card, steps
from graders.kit.drill.card_page import html
from graders.kit.drill.card_text import text
from graders.kit.drill.events import Event
from graders.kit.drill.score import Score
from graders.kit.drill.sheet import Sheet, sheet_of
from graders.kit.drill.state import fold
from graders.kit.topics import discover
from tests.drill.house import House

EVIL = "<script>alert('P1')</script>\x1b[31m"


def graded(at: float, *held: str, line: str = "fail: P3 test_waiting") -> Event:
    """A graded run at that minute at which these promises held."""
    data = {"held": held, "kinds": {"behaviour": [len(held), 4]}, "open": [line], "digest": "x"}
    return Event("graded", at * 60, data)


def started(minutes: float = 10) -> Event:
    """The start, at time 0."""
    data = {"topic": "patterns/tally", "title": "Tally", "level": "easy", "minutes": minutes}
    return Event("started", 0, data)


@pytest.fixture
def house(tmp_path: Path) -> House:
    """A kata that can be drilled."""
    return House(tmp_path / "house")


def test_points_are_the_rule() -> None:
    """100 x 3/4 - 2 x 5 - 3; never below 0."""
    assert Score(held=3, promises=4, hints=2, missed=3).points == 62
    assert Score(held=4, promises=4, hints=0, missed=0).points == 100
    assert Score(held=0, promises=4, hints=1, missed=3).points == 0


def test_the_last_grade_in_time_counts(house: House) -> None:
    """Not the best one, and none that was asked for after the end."""
    events = [started(), graded(2, "P1", "P2"), graded(9, "P1"), graded(11, "P1", "P2", "P3", "P4")]
    drill = fold([*events, Event("finished", 12 * 60, {})])
    made = card(drill, sheet_of(drill, house.root), "there", house.root)
    assert made.score.held == 1
    shown = {each.name: (each.first, each.holds, each.spans) for each in made.promises}
    assert shown["P1"] == (120, True, ((120, 720),))
    assert shown["P2"] == (120, False, ((120, 540), (660, 720)))
    assert shown["P3"] == (660, False, ((660, 720),))


def test_a_drill_without_a_grade_has_a_card(house: House) -> None:
    """Nothing held, nothing measured."""
    house.run("start")
    said = house.run("finish")
    assert "nothing was graded in time" in said
    assert "points                                 0 of 100" in said
    assert "not measured" in said


def test_the_card_holds_everything(house: House) -> None:
    """The rule, the time line, hints, questions, changes, steps, follow-ups, mistakes, history."""
    house.run("start")
    house.run("ask 1")
    house.run("requirements", minutes=1)
    house.run("hint", minutes=4)
    house.run("grade")
    said = house.run("finish", minutes=1)
    for part in (
        "Points = 100 x (promises held / promises)",
        "hints used: 1                         -5",
        "scope questions never asked: 2        -2",
        "P1         -  open   value() is the sum",
        "behaviour       0 of 2 pass",
        "5:00  What is shared?",
        "May it be reset?",
        "Yes; the old value comes back.",
        "5:00  Negative numbers come in.",
        "not reached  Two tallies",
        "1. Clarify",
        "A good answer holds: merge at the end.",
        "Reading without the lock.",
        "patterns/tally",
    ):
        assert part in said, part
    assert "How many threads?" not in said
    assert house.workspace.page.is_file()


def test_no_line_is_longer_than_80_columns(house: House) -> None:
    """Nor holds anything but plain text; for every topic's brief, the longest there are."""
    for topic in discover():
        data = {"topic": topic.id, "title": topic.title, "level": topic.level, "minutes": 60}
        line = "fail: P1 test_of_a_long_name: " + "what came back " * 20
        events = [Event("started", 0, data), graded(1, "P1", line=line), Event("finished", 90, {})]
        shown = text(card(fold(events), Sheet(topic), "workspaces/x-1", house.root))
        # a table of the brief keeps its lines; everything else is filled
        lines = [line for line in shown.splitlines() if not line.lstrip().startswith("|")]
        assert max(map(len, lines)) <= 80, max(lines, key=len)
        assert "\x1b" not in shown


def test_the_seven_steps_have_the_words_of_the_brief() -> None:
    """For every topic; ratings beside them."""
    for topic in discover():
        listed = steps(Sheet(topic).interview.steps, (2, 1, 0, 2, 1, 0, 2))
        assert len(listed) == 7
        assert all(len(step.text) > 40 for step in listed), topic.id
        assert [step.rating for step in listed][:3] == ["well", "partly", "no"]


def test_judging_oneself_changes_the_page_and_no_points(house: House) -> None:
    """And may be done again."""
    house.run("start")
    house.run("finish")
    before = house.drill.finished
    house.run("assess 2 1 0 0 0 0 0")
    assert "1. Clarify. Yours: well." in house.workspace.page.read_text(encoding="utf-8")
    house.run("assess 0 1 0 0 0 0 0")
    assert "1. Clarify              no" in house.run("scorecard")
    assert house.drill.finished == before


def test_the_history_has_every_finished_drill(house: House) -> None:
    """Newest first; the open one is not finished."""
    assert "no drill was finished yet" in house.run("history")
    for _ in range(2):
        house.run("start")
        house.run("finish", minutes=2)
    house.run("start")
    lines = house.run("history").splitlines()
    assert len(lines) == 3
    assert lines[1] > lines[2]
    assert "2:00 of 10" in lines[1]


def test_text_of_the_learner_is_escaped(house: House) -> None:
    """In the page; a terminal gets no control characters."""
    house.run("start")
    house.run("requirements")
    evil = f'raise RuntimeError({EVIL!r} * 50)\n"""P1"""\n'
    house.write(evil)
    house.run("grade")
    said = house.run("finish")
    shown = house.workspace.page.read_text(encoding="utf-8")
    assert "alert(" in said
    assert "\x1b" not in said + shown
    assert "<script" not in shown
    assert "&lt;script&gt;alert(" in shown
    assert "&lt;b&gt;" not in shown, "the story is not part of a scorecard"


def test_a_page_loads_nothing(house: House) -> None:
    """No script, no link, no image; every promise has a row in the drawing."""
    drill = fold([started(), graded(2, "P1"), Event("hinted", 180), Event("finished", 240, {})])
    shown = html(card(drill, sheet_of(drill, house.root), "there", house.root))
    assert not re.search(r"<script|<link|<img|https?://|@import|url\(", shown)
    assert "default-src 'none'" in shown
    assert shown.count("<rect") == 1
    assert all(f">{name}</text>" in shown for name in ("P1", "P2", "P3", "P4"))
