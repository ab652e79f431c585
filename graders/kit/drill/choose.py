"""Which topic to drill: by chapter and level, the one that was drilled longest ago."""

from collections.abc import Sequence
from pathlib import Path

from graders.kit.drill.store import every
from graders.kit.mistakes import Mistake
from graders.kit.topics import Topic, find


def choose(selectors: Sequence[str], level: str | None, root: Path) -> Topic:
    """The least recently drilled of the topics that are meant; never drilled comes first, as in the catalogue."""
    topics = [topic for topic in find(selectors, root) if topic.brief.is_file()]
    fitting = [topic for topic in topics if level in {None, topic.level}]
    if not fitting:
        levels = ", ".join(sorted({topic.level for topic in topics})) or "none"
        raise Mistake(f"no such topic of level {level}: the levels there are {levels}")
    last = {drill.topic: drill.started for _, drill in every(root)}
    return min(fitting, key=lambda topic: last.get(topic.id, 0.0))
