"""The catalogue as a menu: what is built, what is planned, how far the learner is, and what to do next."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Final

from graders.kit.catalogue import ROWS, catalogue_place
from graders.kit.mistakes import Mistake
from graders.kit.progress import standing
from graders.kit.topics import ROOT, Topic, find

REVISION: Final = ("rate_limiter", "job_queue", "cache", "resilience")
"""The ten-minute revision path; its last step is to explain the trade-offs aloud."""


def lines(selectors: Sequence[str] = (), root: Path = ROOT) -> Iterator[str]:
    """Yield the menu, chapter by chapter; with selectors only the built topics that they name."""
    built = {(topic.chapter, topic.name): topic for topic in find(selectors, root)}
    planned = {} if selectors else {(chapter, name): line for chapter, name, line in ROWS}
    places = sorted({*built, *planned}, key=lambda place: catalogue_place(*place))
    for chapter, group in groupby(places, key=lambda place: place[0]):
        yield chapter
        for place in group:
            yield _built(built[place]) if place in built else _planned(place[1], planned[place])
    if not selectors:
        yield ""
        yield from _summary(list(built.values()), len(places))


def _built(topic: Topic) -> str:
    try:
        level, summary = f"{topic.level}, {topic.minutes} min", topic.definition.summary.rstrip(".")
    except Mistake as mistake:
        level, summary = "broken", str(mistake)
    return f"  {topic.name:<26}{level:<16}{standing(topic) or ''!s:<22}{summary}".rstrip()


def _planned(name: str, line: str) -> str:
    return f"  {name:<26}{'planned':<38}{line}"


def _summary(built: Sequence[Topic], places: int) -> Iterator[str]:
    green = [topic for topic in built if (found := standing(topic)) and found.green]
    share = 100 * len(green) // max(len(built), 1)
    yield f"{len(built)} of {places} topics are built, {len(green)} of them green ({share} %)"
    yield _next(built)
    names = {topic.name for topic in built}
    path = " -> ".join(name if name in names else f"{name} (planned)" for name in REVISION)
    yield f"ten-minute revision: {path} -> explain the trade-offs aloud"


def _next(built: Sequence[Topic]) -> str:
    """What was begun goes first, then the order of the catalogue."""
    begun = [topic for topic in built if (found := standing(topic)) and found.attempted]
    open_topics = [t for t in (*begun, *built) if not ((found := standing(t)) and found.green)]
    if not open_topics:
        return "next: everything that is built is green; practise: nox -s drill"
    name = open_topics[0].name
    return f"next: nox -s grade -- {name}   (stuck: nox -s hint -- {name})"
