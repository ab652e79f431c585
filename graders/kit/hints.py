"""The hints of a brief, one at a time: each says more than the one before."""

import textwrap
from collections.abc import Iterator

from graders.kit.interview import read_interview
from graders.kit.mistakes import Mistake
from graders.kit.progress import hints_read, remember_hint
from graders.kit.topics import Topic

WIDTH = 96


def next_hint(topic: Topic) -> Iterator[str]:
    """The hint that the learner has not read yet, remembered as read; after the last, where to look next."""
    if not topic.brief.is_file():
        raise Mistake(f"{topic.id} has no brief: restore exercises/{topic.id}.md")
    hints, read = read_interview(topic.brief).hints, hints_read(topic)
    if read < len(hints):
        remember_hint(topic, read + 1)
        yield from _shown(hints, read)
    else:
        yield f"you have read all {len(hints)} hints: `nox -s hint -- {topic.name} --all` repeats them"
        yield f"the reference: solutions/{topic.id}.py"


def all_hints(topic: Topic) -> Iterator[str]:
    """The hints that were read, once more; what is new stays unread."""
    hints, read = read_interview(topic.brief).hints, hints_read(topic)
    if not read:
        yield f"no hint of {topic.name} read yet: nox -s hint -- {topic.name}"
    for index in range(min(read, len(hints))):
        yield from _shown(hints, index)


def _shown(hints: tuple[str, ...], index: int) -> Iterator[str]:
    yield f"hint {index + 1} of {len(hints)}"
    yield textwrap.fill(hints[index], WIDTH, initial_indent="  ", subsequent_indent="  ")
