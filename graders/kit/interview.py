"""What a brief holds for an interview, as values: questions with answers, changes on the clock, hints, follow-ups."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from graders.kit.brief import PARTS, read_brief

_ITEM: Final = re.compile(r"^\d+\. ", re.MULTILINE)
_QUESTION: Final = re.compile(r"\*\*(?P<question>.+?)\*\*\s+(?P<answer>.+)", re.DOTALL)
_CHANGE: Final = re.compile(r"\*\*At minute (?P<minute>\d+):\*\*\s+(?P<text>.+)", re.DOTALL)
STEPS: Final = PARTS["The seven steps"]


@dataclass(frozen=True)
class Question:
    """A question and the answer of whoever knows."""

    question: str
    answer: str


@dataclass(frozen=True)
class Change:
    """What the interviewer throws in, and when: minutes since the start."""

    minute: int
    text: str


@dataclass(frozen=True)
class Interview:
    """A brief as an interviewer uses it. Texts are Markdown; lists are in the order of the brief."""

    title: str
    story: str
    scope: tuple[Question, ...]
    requirements: str
    steps: str
    changes: tuple[Change, ...]
    hints: tuple[str, ...]
    mistakes: str
    follow_ups: tuple[Question, ...]


def read_interview(path: Path) -> Interview:
    """The interview of the brief at `path`; the brief keeps its headings (see `graders.kit.brief`)."""
    brief = read_brief(path)
    text = brief.sections
    return Interview(
        brief.title,
        text["Story"],
        tuple(_questions(text["Scope questions"])),
        text["Requirements"],
        text["The seven steps"],
        tuple(_changes(text["Change of requirements"])),
        tuple(_items(text["Hints"])),
        text["Mistakes everybody makes"],
        tuple(_questions(text["Follow-ups"])),
    )


def _items(text: str) -> Iterator[str]:
    """The items of a numbered list, the lines of each joined as Markdown joins them."""
    for item in _ITEM.split(text)[1:]:
        yield " ".join(item.split())


def _questions(text: str) -> Iterator[Question]:
    for item in _items(text):
        if found := _QUESTION.match(item):
            yield Question(found["question"], found["answer"])


def _changes(text: str) -> Iterator[Change]:
    for item in _items(text):
        if found := _CHANGE.match(item):
            yield Change(int(found["minute"]), found["text"])
