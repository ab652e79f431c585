"""The end of a drill: a last grade, the speed, the scorecard in the terminal and as a page."""

from collections.abc import Mapping
from typing import Any

from graders.kit.drill import history, rules
from graders.kit.drill.card import card
from graders.kit.drill.card_page import html
from graders.kit.drill.card_text import text
from graders.kit.drill.desk import CLOSING, Desk
from graders.kit.drill.grading import grade
from graders.kit.drill.score import score
from graders.kit.drill.speed import Speed, measure
from graders.kit.drill.state import Drill
from graders.kit.fingerprint import mark
from graders.kit.mistakes import Mistake
from graders.kit.page import write_page
from graders.kit.stubs import stub_for


def finish(desk: Desk, *, last_grade: bool = True) -> None:
    """End the drill as of now; the clock does not count what the end itself takes."""
    now = desk.room.clock()
    drill = desk.workspace.drill()
    if last_grade and _changed(desk, drill):
        desk.room.say("a last grade; Ctrl-C goes back")
        drill = _grade(desk, now)
    speed = _speed(desk, drill) if last_grade else Speed(why="finished with --no-grade")
    desk.act(lambda drill, _: rules.finish(drill, _kept(desk, drill, speed), now))
    show_card(desk)


def _grade(desk: Desk, now: float) -> Drill:
    try:
        data = grade(desk.sheet.topic, desk.code, desk.workspace.results)
    except Mistake as mistake:
        raise Mistake(f"{mistake}; the drill goes on (`finish --no-grade` ends it)") from mistake
    return desk.act(lambda drill, _: rules.graded(drill, data, now))[1]


def _changed(desk: Desk, drill: Drill) -> bool:
    """Whether there is work that no grade has seen."""
    if not (drill.running and drill.required and desk.code.exists()):
        return False
    if drill.grades:
        return mark(desk.code) != drill.grades[-1].digest
    stub = stub_for(desk.sheet.topic, CLOSING).encode()
    return desk.code.is_dir() or desk.code.read_bytes() != stub


def _speed(desk: Desk, drill: Drill) -> Speed:
    last = drill.grades[-1].held if drill.grades else frozenset()
    if not last.issuperset(desk.sheet.promises):
        return Speed(why="speed counts when every promise holds")
    desk.room.say("measuring the speed beside the reference; Ctrl-C skips it")
    return measure(desk.sheet.topic, desk.code)


def _kept(desk: Desk, drill: Drill, speed: Speed) -> Mapping[str, Any]:
    return {**history.kept(score(drill, desk.sheet)), "speed": speed.to_dict()}


def show_card(desk: Desk, *, quiet: bool = False) -> None:
    """Write the page anew, and say the scorecard."""
    drill = desk.workspace.drill()
    made = card(drill, desk.sheet, desk.place(desk.workspace.folder), desk.room.root)
    write_page(desk.workspace.page, html(made))
    if not quiet:
        desk.room.say(text(made))
    desk.room.say(f"\nas a page: {desk.place(desk.workspace.page)}")
