"""What each command does to a drill: the events that follow from it, or the Mistake that it is. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from graders.kit.brief import PARTS
from graders.kit.drill.events import Event
from graders.kit.drill.sheet import Sheet
from graders.kit.drill.state import Drill
from graders.kit.mistakes import Mistake

STEPS = PARTS["The seven steps"]
RATINGS = ("no", "partly", "well")


def start(sheet: Sheet, minutes: float | None, now: float) -> list[Event]:
    """A drill begins, and its clock."""
    topic = sheet.topic
    data = {
        "topic": topic.id,
        "title": sheet.interview.title,
        "level": topic.level,
        "minutes": minutes or topic.minutes,
    }
    return [Event("started", now, data)]


def arrive(drill: Drill, sheet: Sheet, now: float) -> list[Event]:
    """What the clock brings: changes of requirements that are due, and once that the time is up."""
    if not drill.running:
        return []
    elapsed = drill.elapsed(now)
    events = [Event("changed", now) for _ in sheet.due(drill, elapsed)]
    if elapsed >= drill.limit and not drill.rang:
        events.append(Event("rang", now))
    return events


def ask(drill: Drill, sheet: Sheet, numbers: Sequence[int], now: float) -> list[Event]:
    """Scope questions by their numbers; asking one again costs nothing."""
    _must_run(drill)
    most = len(sheet.interview.scope)
    for number in numbers:
        if not 1 <= number <= most:
            raise Mistake(f"no question {number}: they are numbered 1 to {most}")
    new = [number for number in dict.fromkeys(numbers) if number not in drill.asked]
    return [Event("asked", now, {"number": number}) for number in new]


def require(drill: Drill, now: float) -> list[Event]:
    """The requirements; nothing new if they are known."""
    _must_run(drill)
    return [] if drill.required else [Event("required", now)]


def hint(drill: Drill, sheet: Sheet, now: float) -> list[Event]:
    """The next hint."""
    _must_run(drill)
    if len(drill.hints) == len(sheet.interview.hints):
        raise Mistake("there is no further hint: `show` has all of them again")
    return [Event("hinted", now)]


def may_grade(drill: Drill) -> None:
    """Mistake if there is nothing to grade yet."""
    _must_run(drill)
    if not drill.required:
        raise Mistake("there is nothing to grade yet: `requirements` gives you the task and a stub")


def graded(drill: Drill, data: Mapping[str, Any], asked: float) -> list[Event]:
    """A graded run that came to its end; it counts from when it was asked for, whoever paused meanwhile."""
    _not_over(drill)
    return [Event("graded", asked, data)]


def finish(drill: Drill, data: Mapping[str, Any], now: float) -> list[Event]:
    """The end, also of a paused drill."""
    _not_over(drill)
    return [Event("finished", now, data)]


def pause(drill: Drill, now: float, why: str = "") -> list[Event]:
    """The clock stops."""
    _not_over(drill)
    return [Event("paused", now, {"why": why})] if drill.running else []


def resume(drill: Drill, now: float) -> list[Event]:
    """The clock goes on."""
    _not_over(drill)
    return [] if drill.running else [Event("resumed", now)]


def slept(drill: Drill, since: float, now: float) -> list[Event]:
    """The time in between was a pause, though nobody said so."""
    if not drill.running:
        return []
    return [*pause(drill, since, "asleep"), Event("resumed", now), Event("attached", now)]


def assess(drill: Drill, steps: Sequence[int], now: float) -> list[Event]:
    """The learner's own view of the seven steps."""
    if drill.finished is None:
        raise Mistake("judge yourself after the drill: `finish` it first")
    if len(steps) != len(STEPS) or not set(steps) <= set(range(len(RATINGS))):
        listed = ", ".join(f"{number} {word}" for number, word in enumerate(RATINGS))
        raise Mistake(f"give seven numbers, one for each step: {listed}")
    return [Event("assessed", now, {"steps": list(steps)})]


def _must_run(drill: Drill) -> None:
    _not_over(drill)
    if not drill.running:
        raise Mistake("the drill is paused: `nox -s drill -- resume` goes on")


def _not_over(drill: Drill) -> None:
    if drill.finished is not None:
        raise Mistake("the drill is finished: `nox -s drill` begins another")
