"""The catalogue as a menu: what is built, what is planned, and how far the learner is."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path

from graders.kit.catalogue import ROWS, catalogue_place
from graders.kit.mistakes import Mistake
from graders.kit.progress import progress
from graders.kit.topics import ROOT, Topic, find


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
        yield f"{len(built)} of {len(places)} topics are built"


def _built(topic: Topic) -> str:
    try:
        level, summary = f"{topic.level}, {topic.minutes} min", topic.definition.summary.rstrip(".")
    except Mistake as mistake:
        level, summary = "broken", str(mistake)
    return f"  {topic.name:<26}{level:<16}{progress(topic):<22}{summary}"


def _planned(name: str, line: str) -> str:
    return f"  {name:<26}{'planned':<38}{line}"
