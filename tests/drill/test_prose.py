"""Briefs set for a terminal."""

import pytest

from graders.kit.drill.prose import blocks, clock, short, wrapped
from graders.kit.interview import read_interview
from graders.kit.topics import Topic, discover

TEXT = """\
One line
and another.

- first
  goes on
- second

1. numbered
### Head
```python
if x:
    y
```
| a | b |
after"""


def test_blocks() -> None:
    """Paragraphs and items are joined; code and tables stay as they are."""
    assert [(each.kind, each.mark, each.text) for each in blocks(TEXT)] == [
        ("text", "", "One line and another."),
        ("item", "-", "first goes on"),
        ("item", "-", "second"),
        ("item", "1.", "numbered"),
        ("heading", "", "Head"),
        ("code", "", "if x:"),
        ("code", "", "    y"),
        ("code", "", "| a | b |"),
        ("text", "", "after"),
    ]


def test_items_hang() -> None:
    """Under their own text."""
    assert wrapped("- " + "word " * 20).splitlines()[1].startswith("  word")


@pytest.mark.parametrize("topic", discover(), ids=lambda topic: topic.id)
def test_no_word_of_a_brief_is_lost(topic: Topic) -> None:
    """Whatever its Markdown."""
    talk = read_interview(topic.brief)
    for text in (talk.story, talk.requirements, talk.steps, talk.mistakes):
        words = [word for word in text.split() if not word.startswith(("#", "```"))]
        assert [word for word in wrapped(text).split() if word in words] == words


@pytest.mark.parametrize(
    ("seconds", "shown"), [(0, "0:00"), (59.9, "0:59"), (61, "1:01"), (4_510, "75:10")]
)
def test_clock(seconds: float, shown: str) -> None:
    """Minutes and whole seconds."""
    assert clock(seconds) == shown


def test_short() -> None:
    """One line, cut where it must be."""
    assert short("a\nb", 5) == "a b"
    assert short("abcdef", 5) == "abcd…"
